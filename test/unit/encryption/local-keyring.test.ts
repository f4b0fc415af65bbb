import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { localKeyring, type LocalKeyringOptions } from '../../../src/encryption/local-keyring.js';
import type { KeyRing } from '../../../src/encryption/key-ring.js';
import type { GeneratedDataKey } from '../../../src/encryption/key-service.js';
import { acme, bench, codeOf, FakeKeyService, globex, identity, outcome } from './fixtures.js';

const KEY = Buffer.from('f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1eff', 'hex');
const OLD = Buffer.alloc(32, 3);
const TEXT = Buffer.from('{}');

const made = (options: unknown): Promise<unknown> => outcome(() => localKeyring(options as LocalKeyringOptions));
const refusal = async (keys: unknown): Promise<string> => {
  const error = await made({ keys });
  expect(error).toMatchObject({ code: 'INVALID_KEY_MATERIAL' });
  const printed = inspect(error, { showHidden: true, depth: 5 });
  for (const form of ['hex', 'base64', 'base64url'] as const)
    expect(printed).not.toContain(KEY.toString(form).slice(0, 20));
  expect((error as Error).cause).toBeUndefined();
  return (error as Error).message;
};

describe('keys', () => {
  it.each([
    ['bytes', new Uint8Array(KEY)],
    ['hex', KEY.toString('hex')],
    ['upper-case hex', KEY.toString('hex').toUpperCase()],
    ['base64', KEY.toString('base64')],
    ['base64url', KEY.toString('base64url')],
    ['an object', { current: KEY }],
    ['an object with previous keys', { current: KEY.toString('hex'), previous: [OLD] }],
  ])('are taken as %s', (_, entry) => {
    const expected = localKeyring({ keys: { acme: KEY } }).kekIds(acme)[0];
    expect(localKeyring({ keys: { acme: entry } }).kekIds(acme)[0]).toEqual(expected);
  });

  it('are copied: the caller keeps the array as it was and may wipe it', async () => {
    const bytes = new Uint8Array(KEY);
    const keyring = localKeyring({ keys: { acme: bytes } });
    expect(Buffer.from(bytes)).toEqual(KEY);
    const ids = keyring.kekIds(acme);
    bytes.fill(0);
    expect(keyring.kekIds(acme)).toEqual(ids);
  });

  it.each([
    ['too short', new Uint8Array(31), 'tenant acme: the key has 31 bytes and needs 32'],
    ['too long', new Uint8Array(33), 'tenant acme: the key has 33 bytes and needs 32'],
    ['empty', '', 'tenant acme: the key is a string of 0 characters'],
    ['short hex', KEY.toString('hex').slice(2), 'tenant acme: the key is a string of 62 characters'],
    ['31 bytes in base64', KEY.subarray(1).toString('base64'), 'tenant acme: the key is a string of 44 characters'],
    [
      '48 bytes in base64',
      Buffer.concat([KEY, KEY.subarray(16)]).toString('base64'),
      'tenant acme: the key is a string of 64 characters',
    ],
    ['with a newline', `${KEY.toString('base64')}\n`, 'tenant acme: the key is a string of 45 characters'],
    ['a number', 7, 'tenant acme: must be a key'],
    ['null', null, 'tenant acme: must be a key'],
    ['an array', [KEY], 'tenant acme: must be a key'],
    ['no current key', { previous: [KEY] }, 'tenant acme: the current key is neither'],
    [
      'a wrong previous key',
      { current: OLD, previous: [KEY, KEY.toString('hex').slice(1)] },
      'tenant acme: previous key 2 is a string of 63',
    ],
    ['previous is no array', { current: KEY, previous: OLD }, 'tenant acme: previous must be an array'],
    ['another field', { current: KEY, prevoius: [OLD] }, 'tenant acme: has a field other than'],
    ['the same key twice', { current: KEY, previous: [KEY.toString('hex')] }, 'tenant acme has the same key twice'],
  ])('are refused: %s', async (_, entry, message) => {
    expect(await refusal({ acme: entry })).toContain(message);
  });

  it.each([
    ['a Map', new Map([['acme', KEY]])],
    ['an array', [KEY]],
    ['a key', KEY],
    ['null', null],
    ['a promise', Promise.resolve({ acme: KEY })],
  ])('are refused where they are %s, which would be an empty key ring', async (_, ring) => {
    expect(await refusal(ring)).toContain('must be an object with a key for each tenant id');
  });

  it('are all looked at, and every wrong one is named', async () => {
    const message = await refusal({ acme: 'x', globex: KEY, initech: new Uint8Array(1) });
    expect(message).toContain('tenant acme:');
    expect(message).toContain('tenant initech:');
    expect(message).not.toContain('globex');
  });

  it('threat 22: under an id that is no tenant id are refused, without repeating it', async () => {
    expect(await refusal({ 'a:b': KEY })).toContain('entry 1 is not under a tenant id');
    expect(await refusal(JSON.parse('{"__proto__":"x"}'))).toContain('entry 1 is not under a tenant id');
  });

  it('in the place of a tenant id are not repeated', async () => {
    expect(await refusal({ [KEY.toString('hex')]: 'acme' })).toContain('entry 1');
    expect(await refusal({ [KEY.toString('base64url')]: 'acme' })).toContain(
      'entry 1: the key is a string of 4 characters',
    );
  });

  it('threat 23: of a tenant named constructor are ordinary', () => {
    const keyring = localKeyring({ keys: { constructor: KEY } as unknown as KeyRing });
    expect(keyring.kekIds(parseTenantId('constructor'))).toHaveLength(1);
    expect(keyring.kekIds(parseTenantId('hasOwnProperty'))).toEqual([]);
  });

  it('of tenants that differ in case only are refused', async () => {
    expect(await refusal({ acme: KEY, globex: OLD, ACME: OLD })).toContain(
      'tenant ACME and tenant acme differ in upper and lower case only',
    );
  });

  it('do not show when the keyring is printed', () => {
    const printed = inspect(localKeyring({ keys: { acme: KEY } }), { showHidden: true, depth: 9 });
    expect(printed).not.toContain(KEY.toString('hex').slice(0, 8));
    expect(printed).not.toMatch(/f0,? ?e1|240, ?225/);
  });
});

describe('options', () => {
  it.each([
    [undefined],
    [{}],
    [{ keys: {}, keyFile: 'x' }],
    [{ keyfile: 'x' }],
    [{ keyFile: '' }],
    [{ environment: false }],
    [{ acme: KEY.toString('hex') }],
    [{ [KEY.toString('hex')]: 'acme' }],
  ])('%o are refused', async (options) => {
    const error = await made(options);
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(inspect(error)).not.toContain(KEY.toString('hex'));
  });
});

describe('a key file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-keys-'));
    path = join(folder, 'keys.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (text: string | Buffer, mode = 0o600): void => {
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
  };
  const refused = async (): Promise<string> => {
    const error = await made({ keyFile: path });
    expect(error).toMatchObject({ code: 'INVALID_KEY_MATERIAL' });
    expect(inspect(error, { showHidden: true })).not.toContain('hunter2');
    return (error as Error).message;
  };

  it('is read', () => {
    write(
      JSON.stringify({
        acme: KEY.toString('base64'),
        globex: { current: KEY.toString('hex'), previous: [OLD.toString('hex')] },
      }),
    );
    const keyring = localKeyring({ keyFile: path });
    expect(keyring.kekIds(acme)).toHaveLength(1);
    expect(keyring.kekIds(globex)).toHaveLength(2);
  });

  it.skipIf(process.platform === 'win32').each([0o640, 0o604, 0o620, 0o601])(
    'is refused with mode %o',
    async (mode) => {
      write('{}', mode);
      expect(await refused()).toContain('open to its group or to others');
    },
  );

  it.skipIf(process.platform === 'win32')('is accepted read-only for its owner', () => {
    write('{}', 0o400);
    expect(localKeyring({ keyFile: path }).kekIds(acme)).toEqual([]);
  });

  it('is refused when it is missing, a folder, no JSON, no UTF-8 or no object', async () => {
    expect(await refused()).toContain('cannot be read (ENOENT)');
    write('{"acme": "hunter2", }');
    expect(await refused()).toContain('is not JSON');
    write(Buffer.from([0x7b, 0xff, 0x7d]));
    expect(await refused()).toContain('is not UTF-8');
    write('["hunter2"]');
    expect(await refused()).toContain('must be an object');
    write('{"acme": "hunter2"}');
    expect(await refused()).toContain('tenant acme: the key is a string of 7 characters');
    path = folder;
    expect(await refused()).toContain('cannot be read (EISDIR)');
  });
});

describe('the environment', () => {
  it('is read from one variable', () => {
    vi.stubEnv('TENANTRY_KEYS', JSON.stringify({ acme: KEY.toString('base64') }));
    expect(localKeyring({ environment: true }).kekIds(acme)).toHaveLength(1);
  });

  it.each([undefined, '', 'hunter2', '{"acme":"hunter2"}'])('is refused as %s', async (value) => {
    vi.stubEnv('TENANTRY_KEYS', value);
    const error = await made({ environment: true });
    expect(error).toMatchObject({ code: 'INVALID_KEY_MATERIAL' });
    expect(inspect(error, { showHidden: true })).not.toContain('hunter2');
  });
});

describe('data keys', () => {
  it('differ each time, also when wrapped', () => {
    const keyring = localKeyring({ keys: { acme: KEY } });
    const kekId = keyring.kekIds(acme)[0]!;
    const signal = new AbortController().signal;
    const keys = [1, 2, 3].map(() => keyring.generateDataKey(acme, kekId, signal) as GeneratedDataKey);
    expect(new Set(keys.map(({ plaintext }) => Buffer.from(plaintext).toString('hex'))).size).toBe(3);
    expect(new Set(keys.map(({ blob }) => Buffer.from(blob.subarray(0, 12)).toString('hex'))).size).toBe(3);
    expect(keys.every(({ blob }) => blob.length === keyring.maxBlobBytes)).toBe(true);
  });

  it('wrapped under a previous key open, and new ones are wrapped under the current key', async () => {
    const before = bench({ kms: new FakeKeyService(localKeyring({ keys: { acme: OLD } })) });
    const record = await before.cipher.sealValue(identity(), TEXT, 1);
    const rotated = bench({
      kms: new FakeKeyService(localKeyring({ keys: { acme: { current: KEY, previous: [OLD] } } })),
    });
    expect(await codeOf(() => rotated.cipher.openValue(identity(), record))).toBe('no error');
    const newer = await rotated.cipher.sealValue(identity(), TEXT, 1);
    expect(await codeOf(() => before.cipher.openValue(identity(), newer))).toBe('KEY_REFUSED');
    const after = bench({ kms: new FakeKeyService(localKeyring({ keys: { acme: KEY } })) });
    expect(await codeOf(() => after.cipher.openValue(identity(), newer))).toBe('no error');
    expect(await codeOf(() => after.cipher.openValue(identity(), record))).toBe('KEY_REFUSED');
  });

  it('of a tenant without a key are not made', async () => {
    const { cipher } = bench({ kms: new FakeKeyService(localKeyring({ keys: { acme: KEY } })) });
    expect(await codeOf(() => cipher.sealValue(identity({ tenantId: globex }), TEXT, 1))).toBe('KEY_NOT_CONFIGURED');
  });
});
