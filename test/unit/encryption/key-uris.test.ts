import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../src/core/invalid-options.js';
import { lazySchema } from '../../../src/core/lazy-schema.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { ConfiguredKeks, keyUrisSchema, type KeyUris } from '../../../src/encryption/key-uris.js';
import { acme, globex } from './fixtures.js';

const naming = { isUri: (uri: string): boolean => /^key\/[\w-]+$/.test(uri), form: 'key/…' };
const schema = lazySchema((z) => z.strictObject({ keys: keyUrisSchema(z, naming) }));
const check = (keys: unknown): KeyUris => checkOptions('test', schema, { keys }).keys;
const keks = (keys: unknown): ConfiguredKeks => new ConfiguredKeks(check(keys), naming);

/** The definition, written out. */
function kekId(uri: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(uri));
  return createHash('sha256').update('tenantry/1/kek').update(length).update(uri).digest().subarray(0, 8);
}

describe('the keys that the configuration gives to tenants', () => {
  it.each<[string, KeyUris]>([
    ['a template', 'key/of-{tenant}'],
    ['a map', { acme: 'key/of-acme' }],
    ['a function', (tenantId) => `key/of-${tenantId}`],
  ])('come from %s', (_what, keys) => {
    expect(keks(keys).ids(acme)).toEqual([kekId('key/of-acme')]);
    expect(keks(keys).uri(acme, kekId('key/of-acme'))).toBe('key/of-acme');
  });

  it.each<[string, KeyUris]>([
    ['a template', ['key/new-{tenant}', 'key/old-{tenant}']],
    ['a map', { acme: ['key/new-acme', 'key/old-acme'] }],
    ['a function', () => ['key/new-acme', 'key/old-acme']],
  ])('may be several, the current one first: %s', (_what, keys) => {
    expect(keks(keys).ids(acme)).toEqual([kekId('key/new-acme'), kekId('key/old-acme')]);
    expect(keks(keys).uri(acme, kekId('key/old-acme'))).toBe('key/old-acme');
  });

  it('are none for a tenant of whom the configuration says nothing', () => {
    expect(keks({ acme: 'key/a' }).ids(globex)).toEqual([]);
    expect(keks(() => undefined).ids(globex)).toEqual([]);
    expect(keks({ acme: 'key/a' }).ids(parseTenantId('constructor'))).toEqual([]);
  });

  it('threat 5: are never another tenant’s, whatever id a record carries', () => {
    const configured = keks('key/of-{tenant}');
    const foreign = (): string => configured.uri(acme, kekId('key/of-globex'));
    expect(foreign).toThrow(KeyServiceFailure);
    expect(foreign).toThrow(expect.objectContaining({ kind: 'key-refused', message: 'not-configured' }));
  });

  it('follow a function that answers anew', () => {
    let uri = 'key/one';
    const configured = keks(() => uri);
    expect(configured.ids(acme)).toEqual([kekId('key/one')]);
    uri = 'key/two';
    expect(configured.ids(acme)).toEqual([kekId('key/two')]);
  });

  it.each([7, null, {}, [], ['key/a', 7], ['key/a', 'key/a'], 'no key', Promise.resolve('key/a')])(
    'are not taken from a function that answers %o',
    (answer) => {
      const configured = keks(() => answer);
      const isEmptyList = Array.isArray(answer) && answer.length === 0;
      if (isEmptyList) expect(configured.ids(acme)).toEqual([]);
      else expect(() => configured.ids(acme)).toThrow(expect.objectContaining({ code: 'KEY_NOT_CONFIGURED' }));
    },
  );

  it('threat 37: are not told where the function throws, and its text stays in', () => {
    const configured = keks(() => {
      throw new Error('hunter2');
    });
    expect(() => configured.ids(acme)).toThrow(expect.objectContaining({ code: 'KEY_SERVICE_AWAY' }));
    expect(() => configured.ids(acme)).not.toThrow(/hunter2/);
  });
});

describe('the option that names keys', () => {
  it.each([
    ['key/shared', 'keys: must hold {tenant}; give a function where tenants share a key'],
    ['{tenant}', 'keys: must be key/…'],
    [['key/{tenant}', 'key/{tenant}'], 'keys: must not name a key twice'],
    [[], 'keys: Too small'],
    [{ acme: 'elsewhere' }, 'keys.acme: must be key/…'],
    [{ acme: ['key/a', 'key/a'] }, 'keys.acme: must not name a key twice'],
    [{ 'a:b': 'key/a' }, 'must be a tenant id'],
    [7, 'keys: must be a template, an object with a name for each tenant id, or a function'],
    [undefined, 'keys: must be a template'],
  ])('refuses %o', (keys, message) => {
    expect(() => check(keys)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    expect(() => check(keys)).toThrow(message);
  });
});
