// What counts of several sources, what is said of wrong settings, and that no secret is shown.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSettings, type Settings } from '../../../../src/cli/settings/settings.js';
import { shownSettings } from '../../../../src/cli/settings/shown-settings.js';
import { configFile } from '../../../../src/cli/settings/config-file.js';
import type { SettingFlags } from '../../../../src/cli/settings/environment.js';
import { isTenantryError } from '../../../../src/core/errors.js';
import { OrderPlaced } from '../../contract/bundle/contracts.js';
import { run } from '../run.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-settings-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

const read = (
  flags: SettingFlags,
  environment: Record<string, string> = {},
  load?: (url: string) => Promise<unknown>,
): Promise<Settings> => readSettings(flags, environment, load);

async function problemsOf(settings: Settings): Promise<string[]> {
  try {
    settings.client();
    return [];
  } catch (error) {
    if (!isTenantryError(error, 'INVALID_OPTIONS')) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const PASSWORD = 'hunter2-hunter2';

describe('settings', () => {
  it('have a file below the environment below the command line, each setting by itself', async () => {
    const config = file('tenantry.config.json', { brokers: ['file:1'], clientId: 'file', groups: ['file'] });
    expect((await read({ config })).client()).toMatchObject({ brokers: ['file:1'], clientId: 'file' });
    const environment = { TENANTRY_BROKERS: 'env:1, env:2', TENANTRY_CLIENT_ID: '' };
    expect((await read({ config }, environment)).client()).toMatchObject({
      brokers: ['env:1', 'env:2'],
      clientId: 'file',
    });
    const settings = await read({ config, brokers: 'flag:1' }, environment);
    expect(settings.client()).toMatchObject({ brokers: ['flag:1'], clientId: 'file' });
    expect(settings.groups).toEqual(['file']);
    expect(shownSettings(settings.all)).toEqual([
      { setting: 'brokers', value: 'flag:1', source: '--brokers' },
      { setting: 'clientId', value: 'file', source: expect.stringContaining('tenantry.config.json') },
      { setting: 'groups', value: 'file', source: expect.stringContaining('tenantry.config.json') },
    ]);
  });

  it('put a connection together, but for one in a file, which stands alone', async () => {
    const sasl = { mechanism: 'plain', username: 'of-config', password: 'of-config' };
    const config = file('tenantry.config.json', { brokers: ['b:1'], connection: { ssl: true, sasl } });
    const environment = { TENANTRY_SASL_PASSWORD: PASSWORD };
    const mixed = (await read({ config }, environment)).client();
    expect(mixed.connection).toEqual({ ssl: true, sasl: { ...sasl, password: PASSWORD } });
    const connection = file('connection.json', { ssl: false });
    const alone = (await read({ config, connection }, environment)).client();
    expect(alone.connection).toEqual({ ssl: false });
    const named = { TENANTRY_CONNECTION: connection, TENANTRY_SSL: 'true' };
    expect((await read({ config }, named)).client().connection).toEqual({ ssl: true });
  });

  it('name every wrong field and who says it, and repeat no value', async () => {
    const config = file('tenantry.config.json', {
      brokers: 'hunter2',
      groups: ['Not A Group'],
      passwords: 'hunter2',
      connection: { ssl: 'hunter2' },
    });
    const environment = { TENANTRY_CLIENT_ID: 'hunter 2', TENANTRY_SASL_PASSWORD: PASSWORD };
    const problems = await problemsOf(await read({ config, registry: 'hunter2' }, environment));
    const from = (path: string): string | undefined => problems.find((problem) => problem.startsWith(path));
    for (const path of ['brokers: ', 'groups.0: ', 'passwords: is not an option', 'connection.ssl: '])
      expect(from(path)).toMatch(/\(from .*tenantry\.config\.json\)$/);
    expect(from('clientId: ')).toMatch(/\(from the variable TENANTRY_CLIENT_ID\)$/);
    expect(from('connection.sasl')).toMatch(/\(from the variable TENANTRY_SASL_PASSWORD\)$/);
    expect(from('registry: ')).toMatch(/\(from --registry\)$/);
    expect(problems.join()).not.toContain('hunter');
  });

  it.each([
    ['{"brokers":["b:1"],"__proto__.ssl":true}'],
    ['{"brokers":["b:1"],"brokers.length":1}'],
    ['{"brokers":["b:1"],"connection":{"__proto__":{"ssl":true}}}'],
    ['{"brokers":["b:1"],"connection":{"sasl":{"__proto__.x":1}}}'],
  ])('hold no name that is none: %s', async (content) => {
    const config = file('tenantry.config.json', content);
    await expect(read({ config })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/tenantry\.config\.json: .* is not an option$/) as string,
    });
    expect({}).not.toHaveProperty('x');
  });

  it('never go without a connection that was meant', async () => {
    await expect(read({ brokers: 'b:1', connection: '' })).rejects.toThrow('--connection needs a path');
    const config = file('tenantry.config.json', { brokers: ['b:1'], connection: { ssl: true, sasl: {} } });
    expect(await problemsOf(await read({ config }))).toEqual([expect.stringMatching(/^connection\.sasl.*: /)]);
  });

  it('say what is missing', async () => {
    expect(await problemsOf(await read({}))).toEqual([
      'brokers: --brokers is missing, and the variable TENANTRY_BROKERS is not set, nor has a tenantry.config file any',
    ]);
  });

  it('take modules for contracts and key files from the folder of the file that names them', async () => {
    const keyFile = file('keys.json', {});
    await run('keys', 'generate', 'acme', '--file', keyFile);
    const config = file('tenantry.config.json', { brokers: ['b:1'], contracts: 'c.mjs', keyFile: 'keys.json' });
    file('c.mjs', '');
    const urls: string[] = [];
    const settings = await read({ config }, {}, async (url) => {
      urls.push(url);
      return { OrderPlaced };
    });
    expect(await settings.contracts()).toEqual([OrderPlaced]);
    expect(urls).toEqual([`file://${join(folder, 'c.mjs')}`]);
    expect(settings.client().encryption).toBeDefined();
  });

  it('take the keys of TENANTRY_KEYS only where nothing else is said of encryption', async () => {
    const { out } = await run('keys', 'generate', 'acme', '--json');
    vi.stubEnv('TENANTRY_KEYS', out);
    const environment = { TENANTRY_KEYS: out, TENANTRY_BROKERS: 'b:1' };
    const settings = await read({}, environment);
    expect(settings.client().encryption).toBeDefined();
    expect(shownSettings(settings.all)).toContainEqual({
      setting: 'encryption',
      value: '(set)',
      source: 'the variable TENANTRY_KEYS',
    });
    const config = file('tenantry.config.json', { keyFile: 'none.json' });
    const named = await read({ config }, environment);
    expect(named.all.map(({ path }) => path)).toEqual(['keyFile', 'brokers']);
    expect(() => named.client()).toThrow(/the key file .*none\.json cannot be read/);
  });

  it('come from the default export of a module, also of one that was compiled to CommonJS', async () => {
    const config = file('tenantry.config.ts', '');
    for (const module of [
      { default: { brokers: ['m:1'] } },
      { default: { __esModule: true, default: { brokers: ['m:1'] } } },
    ]) {
      expect((await read({ config }, {}, async () => module)).client().brokers).toEqual(['m:1']);
    }
    for (const module of [{}, { default: [] }, { default: 3 }, { brokers: ['m:1'] }])
      await expect(read({ config }, {}, async () => module)).rejects.toThrow(/holds no settings/);
  });

  it('say what to do where Node.js loads no TypeScript', async () => {
    const config = file('tenantry.config.ts', '');
    const error = Object.assign(new TypeError('Unknown file extension'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' });
    await expect(read({ config }, {}, () => Promise.reject(error))).rejects.toThrow(
      /does not load TypeScript; .* Node\.js 22\.18 or newer, or run this with NODE_OPTIONS="--import tsx"/,
    );
  });
});

describe('the file with settings', () => {
  it('is the one of the folder; of two somebody has to choose', () => {
    expect(configFile(undefined, folder)).toBeUndefined();
    mkdirSync(join(folder, 'tenantry'));
    const path = file('tenantry.config.mjs', '');
    expect(configFile(undefined, folder)).toBe(path);
    file('tenantry.config.json', {});
    expect(() => configFile(undefined, folder)).toThrow('there are tenantry.config.mjs and tenantry.config.json');
    expect(configFile(path, folder)).toBe(path);
  });

  it('must be there where it is named', async () => {
    await expect(read({ config: join(folder, 'none.json') })).rejects.toThrow('there is no file');
    await expect(read({ config: '' })).rejects.toThrow('--config needs a path');
  });
});

describe('tenantry config', () => {
  it('shows each setting with its source, and no secret', async () => {
    const config = file('tenantry.config.json', {
      brokers: ['b:1'],
      registry: `https://user:${PASSWORD}@registry:8081/apis?token=${PASSWORD}`,
      connection: { ssl: { ca: `-----BEGIN ${PASSWORD}` }, sasl: { mechanism: 'plain', username: 'app' } },
      librdkafka: { global: { 'ssl.crl.location': PASSWORD } },
    });
    vi.stubEnv('TENANTRY_SASL_PASSWORD', PASSWORD);
    const { exitCode, out, note } = await run('config', '--config', config);
    expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
    expect(out).toMatch(/\(secret, not shown\) +the variable TENANTRY_SASL_PASSWORD\n/);
    expect(out).toContain('https://registry:8081/apis   ');
    const json = await run('config', '--config', config, '--json');
    const brokers = { setting: 'brokers', value: 'b:1', source: expect.any(String) as string };
    expect((JSON.parse(json.out) as { settings: object[] }).settings[0]).toEqual(brokers);
    expect(out + json.out).not.toContain(PASSWORD);
  });

  it('shows what it can and fails where a setting is wrong', async () => {
    const { exitCode, out, note } = await run('config', '--brokers', 'localhost');
    expect(exitCode).toBe(2);
    expect(out).toContain('brokers   localhost   --brokers');
    expect(note).toContain('brokers.0: must be host:port (from --brokers)');
    expect((await run('config', 'x')).exitCode).toBe(2);
  });
});
