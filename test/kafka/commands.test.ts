// The commands about records against the broker in the process and what a worker has done there.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadLetter, defineEvent, envelopeEncryption, localKeyring, TenantKafka, type Worker } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run, type Run } from '../unit/cli/run.js';
import { Placed, Plain } from './fixtures/command-contracts.js';
import { makeTransport, produce, record } from './transport/harness.js';

const CONTRACTS = new URL('./fixtures/command-contracts.ts', import.meta.url).pathname;
const NOTE = 'nobody else may read this';
const GROUP = '_shared.order-processor';

const acmeKey = randomBytes(32).toString('base64');
const globexKey = randomBytes(32).toString('base64');
const hooliKey = randomBytes(32).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'tenantry-commands-'));
const keyFile = join(folder, 'keys.json');
const acmeOnly = join(folder, 'acme.json');

let broker: EmbeddedKafka;
let kafka: TenantKafka;
let worker: Worker;

const tenantry = (...args: string[]): Promise<Run> => run(...args, '--brokers', broker.brokers.join(','));
const done = async (...args: string[]): Promise<string> => {
  const { exitCode, out, note } = await tenantry(...args);
  expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
  return out;
};
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  writeFileSync(keyFile, JSON.stringify({ acme: acmeKey, globex: globexKey, hooli: hooliKey }), { mode: 0o600 });
  writeFileSync(acmeOnly, JSON.stringify({ acme: acmeKey }), { mode: 0o600 });
  broker = await EmbeddedKafka.start();
  kafka = new TenantKafka({
    clientId: 'shop',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keyFile }) }),
  });
  await kafka.admin.createTopics([Placed, Plain], { replicationFactor: 1, groups: ['order-processor'] });
  for (let order = 0; order < 6; order++) {
    await kafka.tenant('acme').publish(Placed, { orderId: `a${order}`, note: NOTE });
    await kafka.tenant('globex').publish(Placed, { orderId: `g${order}`, note: NOTE });
  }
  await kafka.tenant('acme').publish(Plain, { orderId: 'plain' });
  worker = kafka
    .worker('order-processor')
    .on(Placed, ({ data }) => {
      if (data.orderId === 'a1' || data.orderId === 'g2') throw deadLetter('no such order');
    })
    .on(Plain, () => undefined);
  await worker.start();
  await worker.caughtUp();
});
afterAll(async () => {
  await kafka.stop();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

describe('tenantry lag', () => {
  it('tells nothing of who has caught up, and what came since of a tenant that is paused', async () => {
    await worker.pauseTenant('acme');
    expect(await done('lag', GROUP, 'orders')).toBe(`group ${GROUP}\n\n4 of 4 partitions without lag\n`);
    for (let order = 0; order < 3; order++) await kafka.tenant('acme').publish(Plain, { orderId: 'p' });
    const [told] = lines(await done('lag', GROUP, 'orders', '--json')) as unknown as [
      { groups: [{ group: string; partitions: { tenants: object[] }[] }] },
    ];
    const [{ group, partitions }] = told.groups;
    expect(group).toBe(GROUP);
    expect(partitions).toHaveLength(4);
    expect(partitions.flatMap(({ tenants }) => tenants)).toEqual([
      { tenant: 'acme', records: 3, seconds: expect.any(Number), parked: expect.any(Boolean), paused: true },
    ]);
    const text = await done('lag', GROUP, '--contracts', CONTRACTS);
    expect(text).toMatch(
      /\nPARTITION +TENANT +RECORDS +SECONDS +STATE\norders\/\d +acme +3 +\d+ +(parked|live), paused\n/,
    );
    await worker.resumeTenant('acme');
    await worker.caughtUp();
    expect(await done('lag', GROUP, 'orders')).toContain('4 of 4 partitions without lag');
  });

  it('counts all where a group has committed nothing, and at least so many where it may not read all', async () => {
    const [told] = lines(await done('lag', '_shared.other', 'orders', '--tenant', 'globex', '--json')) as unknown as [
      { groups: [{ partitions: { watermark: null; tenants: { tenant: string; records: number }[] }[] }] },
    ];
    const { partitions } = told.groups[0];
    expect(partitions.map(({ watermark }) => watermark)).toEqual([null, null, null, null]);
    const tenants = partitions.flatMap((partition) => partition.tenants);
    expect(new Set(tenants.map(({ tenant }) => tenant))).toEqual(new Set(['globex']));
    expect(tenants.reduce((sum, { records }) => sum + records, 0)).toBe(6);
    const { exitCode, out, note } = await tenantry('lag', '_shared.other', 'orders');
    expect(exitCode).toBe(0);
    expect(out).toContain('the group has committed nothing, all counted: look whether the name is right');
    // Of a group that never was nobody knows what it was told either.
    expect(note).toMatch(
      /^Who of group _shared\.other is paused is not known: TOPIC_NOT_FOUND: _control\._shared\.other/,
    );
    expect((await tenantry('lag', '_shared.other', 'orders', '--max-records', '1')).out).toMatch(/ 1\+ /);
  });

  it.each([
    [[], 'a group is missing, and the settings name no groups'],
    [[GROUP], 'a topic is missing, and the settings have no contracts'],
    [[GROUP, 'orders', '--max-records', '0'], '--max-records takes a number from 1 on'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await tenantry('lag', ...args);
    expect([exitCode, note]).toEqual([2, `tenantry: INVALID_OPTIONS: ${message}\nSee tenantry lag --help\n`]);
  });
});

describe('tenantry tail', () => {
  it('ends when nobody reads what it shows', async () => {
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    const args = ['tail', 'acme', 'orders', '--from', 'earliest', '--brokers', broker.brokers.join(',')];
    const tail = spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(tail, 'exit', { signal: AbortSignal.timeout(30_000) });
    // Closed as `| head -1` closes it, before all is written.
    tail.stdout.destroy();
    try {
      expect(await ended).toEqual([3, null]);
    } finally {
      tail.kill('SIGKILL');
    }
  });

  const all = ['--from', 'earliest', '--no-follow', '--json'];

  it("shows a tenant's records opened, and none of another", async () => {
    const shown = lines(await done('tail', 'acme', 'orders', ...all, '--contracts', CONTRACTS, '--key-file', keyFile));
    const placed = shown.filter(({ eventType }) => eventType === 'orders.placed.v1');
    expect(placed.map(({ data }) => data)).toEqual(
      expect.arrayContaining(Array.from({ length: 6 }, (_, order) => ({ orderId: `a${order}`, note: NOTE }))),
    );
    expect(placed).toHaveLength(6);
    expect(new Set(shown.map(({ tenant, state }) => `${String(tenant)} ${String(state)}`))).toEqual(
      new Set(['acme opened']),
    );
  });

  it('shows as sealed what it has no key for, and without a contract nothing of the data', async () => {
    const args = ['tail', 'globex', 'orders', ...all];
    const withOtherKey = await done(...args, '--contracts', CONTRACTS, '--key-file', acmeOnly);
    expect(lines(withOtherKey).map(({ state, code }) => [state, code])).toEqual(
      Array.from({ length: 6 }, () => ['sealed', 'KEY_NOT_CONFIGURED']),
    );
    const withoutContract = await done(...args, '--key-file', keyFile);
    expect(lines(withoutContract).map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'no-contract'));
    expect(withOtherKey + withoutContract).not.toContain(NOTE);
    const text = await done('tail', 'globex', 'orders', '--from', 'earliest', '--limit', '1', '--contracts', CONTRACTS);
    expect(text).toMatch(/^\S+Z {2}orders\/\d@\d+ {2}orders\.placed\.v1 {2}g\d {2}sealed: KEY_NOT_CONFIGURED\n$/);
  });

  it('tells nothing but the place of a record that contradicts its key', async () => {
    const transport = makeTransport(broker.brokers);
    const producer = transport.createProducer();
    await producer.connect();
    const headers = [
      { name: 'tenant-id', value: Buffer.from('globex') },
      { name: 'event-type', value: Buffer.from('orders.noted.v1') },
      { name: 'event-id', value: Buffer.from('id-1') },
    ];
    const value = Buffer.from('{"orderId":"of globex"}');
    await produce(producer, record('orders', 0, { key: Buffer.from('acme:x'), value, headers }));
    await producer.disconnect(10_000);
    const out = await done('tail', 'acme', 'orders', ...all, '--contracts', CONTRACTS);
    const violations = lines(out).filter(({ state }) => state === 'violation');
    expect(violations).toEqual([
      {
        topic: 'orders',
        partition: 0,
        offset: expect.any(Number),
        writtenAt: expect.any(String),
        state: 'violation',
        code: 'TENANT_MISMATCH',
      },
    ]);
    expect(out).not.toContain('of globex');
    expect(await done('tail', 'globex', 'orders', ...all, '--contracts', CONTRACTS)).not.toContain('of globex');
  });

  it('follows what is written, up to a limit', async () => {
    const args = ['tail', 'acme', 'orders', '--limit', '2', '--json', '--contracts', CONTRACTS];
    const following = tenantry(...args);
    const ended = new AbortController();
    void following.finally(() => {
      ended.abort();
    });
    for (let order = 0; !ended.signal.aborted; order++) {
      await kafka.tenant('acme').publish(Plain, { orderId: `followed-${order}` });
      await kafka.tenant('globex').publish(Plain, { orderId: 'other' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { exitCode, out } = await following;
    expect(exitCode).toBe(0);
    const shown = lines(out);
    expect(shown).toHaveLength(2);
    for (const { data } of shown) expect(data).toEqual({ orderId: expect.stringMatching(/^followed-/) as string });
  });

  it.each([
    [['acme'], 'INVALID_OPTIONS: a tenant and a topic are needed'],
    [['acme', 'orders', 'more'], 'INVALID_OPTIONS: one topic at a time'],
    [['a.b', 'orders'], 'INVALID_TENANT_ID'],
    [['acme', 'orders', '--from', 'yesterday'], 'INVALID_OPTIONS: --from takes earliest, latest'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await tenantry('tail', ...args);
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
  });
});

describe('tenantry dlq', () => {
  const DLQ = `${GROUP}.orders.dlq`;

  it('lists dead letters by group, topic, tenant and reason', async () => {
    const [told] = lines(await done('dlq', 'list', '--json')) as unknown as [
      { topics: string[]; deadLetters: Record<string, unknown>[] },
    ];
    expect(told.topics).toEqual([DLQ]);
    const common = { group: GROUP, topic: 'orders', code: 'DEAD_LETTERED', records: 1, redriven: 0 };
    expect(told.deadLetters).toEqual([
      { ...common, tenant: 'acme', lastFailedAt: expect.any(String) },
      { ...common, tenant: 'globex', lastFailedAt: expect.any(String) },
    ]);
    const text = await done('dlq', 'list', '--tenant', 'globex');
    expect(text).toMatch(/^GROUP .*\n_shared\.order-processor +orders +globex +\w+ +1 +0 +20\S+Z\n$/);
    expect(await done('dlq', 'list', '--group', '_shared.other')).toMatch(/^There is no such dead-letter topic/);
    expect(await done('dlq', 'list', '--tenant', 'nobody')).toBe('There are no such dead letters.\n');
  });

  it('shows what a dead letter says, and its data only where that is asked for and may be opened', async () => {
    const show = async (...args: string[]): Promise<Record<string, unknown>> => {
      const out = await done('dlq', 'show', ...args, '--json', '--contracts', CONTRACTS);
      const [{ found, deadLetters }] = lines(out) as [{ found: number; deadLetters: [Record<string, unknown>] }];
      expect([found, deadLetters.length]).toEqual([1, 1]);
      if (!args.includes(keyFile)) expect(out).not.toContain(NOTE);
      return deadLetters[0];
    };
    const letter = await show('acme');
    expect(letter).toMatchObject({
      topic: DLQ,
      group: GROUP,
      tenant: 'acme',
      aggregateId: 'a1',
      eventType: 'orders.placed.v1',
      code: 'DEAD_LETTERED',
      reason: 'no such order',
      attempts: 1,
      origin: { topic: 'orders' },
      redriven: false,
      pointer: false,
      seal: 'sealed',
      keyIds: [expect.stringMatching(/^[0-9a-f]{16}$/)],
    });
    expect(letter).not.toHaveProperty('opened');
    const opened = await show('acme', '--open', '--key-file', keyFile);
    expect(opened['opened']).toMatchObject({ state: 'opened', data: { orderId: 'a1', note: NOTE } });
    const other = await show('globex', '--open', '--key-file', acmeOnly);
    expect(other['opened']).toEqual({ state: 'closed', code: 'KEY_NOT_CONFIGURED' });
    const place = [letter['topic'], letter['partition'], letter['offset']].join('/');
    expect(await show(place)).toEqual(letter);
    const text = await done('dlq', 'show', place);
    expect(text).toContain(`${place}\n  tenant    acme\n`);
    expect(text).toContain('  reason    no such order\n');
  });

  it.each([
    [['show'], 'a tenant, or the place of one dead letter, is needed'],
    [['show', 'orders/x/1'], 'a place is <topic>/<partition>/<offset>, of a dead-letter topic'],
    [['show', 'acme', '--limit', 'all'], '--limit takes a number from 1 on'],
    [['list', 'acme'], 'dlq list takes no arguments; --tenant names a tenant'],
    [['redrive', 'acme', '--group', 'order-processor'], '--group takes the group of a worker, _shared.<group>'],
    [['redrive', 'acme', '--group', GROUP], 'there is no terminal to ask at; --yes does not ask'],
    [['redrive', 'acme', '--group', GROUP, '--yes', '--failed-from', '7'], '--failed-from takes a time such as'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await tenantry('dlq', ...args);
    expect([exitCode, note]).toEqual([2, expect.stringContaining(`INVALID_OPTIONS: ${message}`)]);
  });

  it('fails where there is no such topic', async () => {
    const { exitCode, note } = await tenantry('dlq', 'show', 'orders/0/1');
    expect([exitCode, note]).toEqual([
      1,
      'tenantry: TOPIC_NOT_FOUND: orders is no dead-letter topic that is there, or it may not be described\n',
    ]);
  });
});

// After the dead letters are counted: the worker makes one of it.
it('tells an event that opens and does not fit its contract from one that is sealed, and shows nothing of either', async () => {
  const { type, version, topic, protection } = Placed;
  const Loose = defineEvent({
    type,
    version,
    topic,
    protection,
    schema: z.object({ orderId: z.string(), more: z.string() }),
    aggregateId: ({ orderId }) => orderId,
  });
  await using other = new TenantKafka({
    clientId: 'other',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keyFile }) }),
  });
  await other.tenant('hooli').publish(Loose, { orderId: 'h1', more: NOTE });
  const args = ['tail', 'hooli', 'orders', '--from', 'earliest', '--no-follow', '--contracts', CONTRACTS];
  const opened = await done(...args, '--json', '--key-file', keyFile);
  expect(lines(opened)).toMatchObject([{ state: 'invalid', code: 'PAYLOAD_INVALID', aggregateId: 'h1' }]);
  expect(lines(opened)[0]).not.toHaveProperty('data');
  const text = await done(...args, '--key-file', keyFile);
  expect(text).toMatch(/ {2}orders\.placed\.v1 {2}h1 {2}does not fit its contract: PAYLOAD_INVALID\n$/);
  const sealed = await done(...args, '--json', '--key-file', acmeOnly);
  expect(lines(sealed)).toMatchObject([{ state: 'sealed', code: 'KEY_NOT_CONFIGURED' }]);
  expect(opened + text + sealed).not.toContain(NOTE);
});
