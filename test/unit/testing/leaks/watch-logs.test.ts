import fs, * as importedFs from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import pino from 'pino';
import { expect, it } from 'vitest';
import { outputNow, type Output } from '../../../../src/testing/leaks/watch/output.js';
import { runAs } from '../../../../src/testing/leaks/watch/owner.js';
import { watchLogs } from '../../../../src/testing/leaks/watch/watch-logs.js';
import { AmbientTenant } from '../../../../src/tenant/ambient-tenant.js';
import { parseTenantId } from '../../../../src/core/tenant-id.js';

const ambient = new AmbientTenant();

/** What is seen while it runs as a handler of a tenant. */
async function seenOf(work: () => unknown, tenantId = 'acme'): Promise<Output[]> {
  const outputs: Output[] = [];
  const stop = watchLogs((...args) => outputs.push(outputNow(...args)), false);
  try {
    await ambient.run(parseTenantId(tenantId), () =>
      runAs({ tenantId, eventType: 'a.b.v1', record: 0, attempt: 1 }, work),
    );
  } finally {
    stop();
  }
  return outputs;
}

const later =
  (work: () => void) =>
  (done: () => void): void => {
    work();
    done();
  };

const textOf = ({ leaves = [] }: Output): string =>
  leaves
    .filter(({ isName }) => !isName)
    .map(({ text }) => text)
    .join(' ');

it.each(['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'dirxml', 'table'] as const)(
  'sees console.%s once',
  async (method) => {
    const outputs = await seenOf(() => {
      console[method]({ name: 'Ada' });
    });
    expect(outputs.map((output) => [output.name, textOf(output)])).toEqual([[`console.${method}`, 'Ada']]);
  },
);

it('sees what an object shows that cannot be reached', async () => {
  class Name {
    readonly #name = 'Ada';
    toString(): string {
      return this.#name;
    }
    [inspect.custom](): string {
      return this.#name;
    }
  }
  const outputs = await seenOf(() => {
    console.log('hello', new Name());
    console.log('hello %s', new Name());
  });
  expect(outputs.map(({ text }) => text)).toEqual(['hello Ada', 'hello Ada']);
});

it('puts back what modules import by its name', async () => {
  const { writeSync } = fs;
  await seenOf(() => {
    expect(importedFs.writeSync).toBe(fs.writeSync);
    expect(importedFs.writeSync).not.toBe(writeSync);
  });
  expect(importedFs.writeSync).toBe(writeSync);
});

it.each(['stdout', 'stderr'] as const)('sees process.%s, and answers as it does', async (name) => {
  const outputs = await seenOf(async () => {
    await new Promise((resolve) => process[name].write(Buffer.from('Ada'), resolve as () => void));
  });
  expect(outputs.map((output) => [output.name, textOf(output)])).toEqual([[`process.${name}`, 'Ada']]);
});

it('sees what is written past the streams, and answers as they do', async () => {
  const answers: unknown[] = [];
  const outputs = await seenOf(() => {
    answers.push(fs.writeSync(1, 'Ada'));
    fs.write(2, Buffer.from('Bob!'), (...all) => answers.push(...all.slice(0, 2)));
  });
  expect(answers).toEqual([3, null, 4]);
  expect(outputs.map((output) => [output.name, textOf(output)])).toEqual([
    ['stdout', 'Ada'],
    ['stderr', 'Bob!'],
  ]);
});

it.each<[string, (done: () => void) => void]>([
  ['writeFileSync', later(() => fs.writeFileSync(2, 'Ada'))],
  ['writeFileSync, with an encoding', later(() => fs.writeFileSync(2, 'QWRh', 'base64'))],
  ['appendFileSync', later(() => fs.appendFileSync(2, 'Ada'))],
  ['writevSync', later(() => fs.writevSync(2, [Buffer.from('A'), Buffer.from('da')]))],
  ['writev', (done) => fs.writev(2, [Buffer.from('A'), Buffer.from('da')], done)],
  ['writeSync of a part', later(() => fs.writeSync(2, Buffer.from('(Ada)'), 1, 3))],
  [
    'writeSync of a part, by its options',
    later(() => fs.writeSync(2, Buffer.from('(Ada)'), { offset: 1, length: 3 } as never)),
  ],
  ['writeSync with an encoding', later(() => fs.writeSync(2, '416461', null, 'hex'))],
  ['write of a part', (done) => fs.write(2, Buffer.from('(Ada)'), 1, 3, null, done)],
  ['writeFile', (done) => fs.writeFile(2, 'Ada', done)],
  ['appendFile', (done) => fs.appendFile(2, 'Ada', done)],
  ['a stream', (done) => fs.createWriteStream('', { fd: 2, autoClose: false }).write('Ada', done)],
])('sees once what is written past the streams by %s', async (_, work) => {
  const outputs = await seenOf(() => new Promise<void>(work));
  expect(outputs.map((output) => [output.name, textOf(output), output.owner.tenantId])).toEqual([
    ['stderr', 'Ada', 'acme'],
  ]);
});

it('sees the streams of a console that are not those of the process', async () => {
  const { _stdout, _stderr } = console as unknown as { _stdout: Writable; _stderr: Writable };
  expect(_stdout).not.toBe(process.stdout);
  const outputs = await seenOf(async () => {
    _stderr.write('Ada');
    await new Promise((resolve) => _stdout.write('Bob', resolve));
  });
  expect(outputs.map((output) => [output.name, textOf(output)])).toEqual([
    ['stderr of the console', 'Ada'],
    ['stdout of the console', 'Bob'],
  ]);
});

it('knows whose each line of pino is', async () => {
  const log = pino({ base: {} });
  const outputs: Output[] = [];
  const stop = watchLogs((...args) => outputs.push(outputNow(...args)), false);
  const handle = (tenantId: string): Promise<void> =>
    ambient.run(parseTenantId(tenantId), () =>
      runAs({ tenantId, eventType: 'a.b.v1', record: 0, attempt: 1 }, async () => {
        log.info({ of: tenantId }, 'first');
        log.info({ of: tenantId }, 'second');
        await sleep(1);
        log.info({ of: tenantId }, 'third');
      }),
    );
  await Promise.all([handle('acme'), handle('globex')]);
  stop();
  expect(outputs).toHaveLength(6);
  for (const { owner, leaves = [] } of outputs) {
    const of = leaves.find(({ path, isName }) => path === '/of' && !isName)?.text;
    expect(owner).toEqual({ by: 'handler', tenantId: of });
  }
});

it('takes several lines of one write for lines of anybody', async () => {
  const outputs = await seenOf(() => fs.writeSync(1, '{"of":"Ada"}\n{"of":"Bob"}\n'));
  expect(outputs.map(({ owner }) => owner.by)).toEqual(['none', 'none']);
  expect(outputs.map(textOf)).toEqual(['Ada', 'Bob']);
});

it('leaves other files alone, and everything once it is stopped', async () => {
  const before = [fs.write, fs.writeSync, fs.writev, fs.writevSync, fs.writeFileSync, fs.appendFileSync];
  const outputs = await seenOf(() => {
    const file = fs.openSync('/dev/null', 'w');
    fs.writeSync(file, 'Ada');
    fs.writevSync(file, [Buffer.from('Ada')]);
    fs.writeFileSync(file, 'Ada');
    fs.appendFileSync('/dev/null', 'Ada');
    fs.closeSync(file);
  });
  expect(outputs).toEqual([]);
  expect([fs.write, fs.writeSync, fs.writev, fs.writevSync, fs.writeFileSync, fs.appendFileSync]).toEqual(before);
});
