import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadContracts, packageOf } from '../../../src/cli/contracts/load-contracts.js';
import type { ContractBundle } from '../../../src/contract/bundle/bundle.js';
import { OrderPlaced, OrderPlacedV2 } from '../contract/bundle/contracts.js';
import { run } from './run.js';

const MODULE = fileURLToPath(new URL('../contract/bundle/contracts.ts', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text = ''): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('tenantry contracts export', () => {
  const EVENT_TYPES = ['catalog.category-set.v1', 'orders.charged.v1', 'orders.placed.v1', 'orders.placed.v2'];

  it('writes the bundle of a module, the same every time', async () => {
    const texts: string[] = [];
    for (const name of ['one', 'deep/two']) {
      const out = join(folder, name);
      const files = [join(out, 'contracts.json'), join(out, 'asyncapi.json')];
      const args = ['contracts', 'export', MODULE, '--out', out, '--name', 'shop', '--release', '7', '--json'];
      const { exitCode, out: printed, note } = await run(...args);
      expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
      expect(JSON.parse(printed)).toEqual({ files, contracts: EVENT_TYPES });
      texts.push(files.map((path) => readFileSync(path, 'utf8')).join());
    }
    expect(texts[0]).toBe(texts[1]);
    const bundle = JSON.parse(readFileSync(join(folder, 'one/contracts.json'), 'utf8')) as ContractBundle;
    expect(bundle).toMatchObject({ name: 'shop', version: '7' });
    expect(bundle.contracts.map(({ eventType }) => eventType)).toEqual(EVENT_TYPES);
    expect(readFileSync(join(folder, 'one/asyncapi.json'), 'utf8')).toContain('"asyncapi": "3.0.0"');
  });

  it('takes name and release from the package of the module, and prints for people', async () => {
    const { version } = packageOf(MODULE) ?? {};
    const { out } = await run('contracts', 'export', MODULE, '--out', folder);
    expect(out).toBe(
      `tenantry ${version}: ${EVENT_TYPES.join(', ')}\n${folder}/contracts.json\n${folder}/asyncapi.json\n`,
    );
  });

  it.each([
    [[], 'a module is missing'],
    [['a.js', 'b.js', '--out', 'x'], 'only one module can be given'],
    [['a.js'], '--out is missing'],
    [['nowhere.js', '--out', 'x'], 'there is no file nowhere.js'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await run('contracts', 'export', ...args);
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
  });

  it('says what is wrong with a module', async () => {
    const none = file('none.mjs', 'export const a = { type: "orders.placed", version: 1 };');
    expect((await run('contracts', 'export', none, '--out', folder)).note).toContain('exports no contract');
    const broken = file('broken.mjs', 'throw new TypeError("secret");');
    const { exitCode, note } = await run('contracts', 'export', broken, '--out', folder);
    expect(exitCode).toBe(2);
    expect(note).toMatch(/cannot be loaded: TypeError; run `node .*broken\.mjs` to see where/);
    expect(note).not.toContain('secret');
  });

  it('says where it cannot write', async () => {
    const { exitCode, note } = await run('contracts', 'export', MODULE, '--out', file('taken'));
    expect(exitCode).toBe(2);
    expect(note).toMatch(/--out: .*taken\/contracts\.json cannot be written \(Error E\w+\)/);
  });
});

describe('loading contracts', () => {
  it('finds them by themselves, in lists and in what CommonJS exports, each once', async () => {
    const load = (module: object) => loadContracts(MODULE, () => Promise.resolve(module));
    expect(await load({ a: OrderPlaced, b: 5, c: [OrderPlacedV2, OrderPlaced], d: null })).toEqual([
      OrderPlaced,
      OrderPlacedV2,
    ]);
    expect(await load({ default: { contracts: [OrderPlaced] } })).toEqual([OrderPlaced]);
  });

  it.each([
    ['ERR_UNKNOWN_FILE_EXTENSION', /does not load TypeScript; compile it .* Node\.js 22\.18 or newer/],
    ['ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', /more than types/],
    ['ERR_MODULE_NOT_FOUND', /Error ERR_MODULE_NOT_FOUND; run/],
  ])('says what to do about %s', async (code, message) => {
    const load = (): Promise<never> => Promise.reject(Object.assign(new Error('secret'), { code }));
    await expect(loadContracts(file('a.ts'), load)).rejects.toThrow(message);
  });

  it('knows the package of a file', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    file('package.json', '{"name":"shop","version":"1.0.0"}');
    file('a/package.json', '{"type":"module"}');
    expect(packageOf(join(folder, 'a/b/contracts.js'))).toMatchObject({ name: 'shop', version: '1.0.0' });
    file('package.json', '{');
    expect(packageOf(join(folder, 'a/b/contracts.js'))).toBeUndefined();
  });
});
