import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { KeyServiceFailure, type KeyService } from '../../../src/encryption/key-service.js';
import { keyServices, type KeyServicesOptions } from '../../../src/encryption/key-services.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { acme, globex } from './fixtures.js';

const signal = new AbortController().signal;
const initech = parseTenantId('initech');

const keyring = (fill: number, tenants = ['acme', 'globex']): KeyService =>
  localKeyring({ keys: Object.fromEntries(tenants.map((tenantId) => [tenantId, Buffer.alloc(32, fill)])) });

const platform = keyring(1);
const ofAcme = keyring(2);

function generate(service: KeyService, tenantId = acme) {
  return service.generateDataKey(tenantId, service.kekIds(tenantId)[0]!, signal) as { plaintext: Buffer; blob: Buffer };
}

describe('keys in several places', () => {
  it.each<[string, KeyServicesOptions['tenants']]>([
    ['a map', { acme: ofAcme }],
    ['a function', (tenantId) => (tenantId === 'acme' ? ofAcme : undefined)],
  ])('go by tenant, and the rest is with the platform: %s', (_what, tenants) => {
    const routed = keyServices({ default: platform, tenants });
    expect(routed.kekIds(acme)).toEqual(ofAcme.kekIds(acme));
    expect(routed.kekIds(globex)).toEqual(platform.kekIds(globex));
    const { plaintext, blob } = generate(routed);
    const [kekId] = ofAcme.kekIds(acme);
    expect(ofAcme.unwrapDataKey(acme, kekId!, blob, signal)).toEqual(plaintext);
    expect(routed.unwrapDataKey(acme, kekId!, blob, signal)).toEqual(plaintext);
  });

  it('threat 5: a tenant’s data key never reaches the service of another', () => {
    const routed = keyServices({ default: platform, tenants: { acme: ofAcme } });
    const [kekId] = ofAcme.kekIds(acme);
    expect(() => routed.unwrapDataKey(globex, kekId!, Buffer.alloc(60), signal)).toThrow(KeyServiceFailure);
    const [former] = platform.kekIds(acme);
    expect(() => routed.unwrapDataKey(acme, former!, Buffer.alloc(60), signal)).toThrow(
      expect.objectContaining({ kind: 'key-refused' }),
    );
  });

  it('a tenant that moves opens its records from before and wraps in the new place', () => {
    const before = generate(platform);
    const moved = keyServices({ default: platform, tenants: { acme: [ofAcme, platform] } });
    expect(moved.kekIds(acme)).toEqual([ofAcme.kekIds(acme)[0], platform.kekIds(acme)[0]]);
    expect(moved.unwrapDataKey(acme, platform.kekIds(acme)[0]!, before.blob, signal)).toEqual(before.plaintext);
  });

  it('a former service does not become the current one because the new one has no key yet', () => {
    const moved = keyServices({ tenants: { acme: [keyring(3, ['globex']), platform] } });
    expect(moved.kekIds(acme)).toEqual([]);
  });

  it('a tenant without a service has no key', () => {
    expect(keyServices({ tenants: { acme: ofAcme } }).kekIds(initech)).toEqual([]);
    expect(keyServices({ tenants: {} }).kekIds(parseTenantId('constructor'))).toEqual([]);
  });

  it('has room for the longest blob of all, and for any where the services are not known', () => {
    const long: KeyService = { ...platformLike(), maxBlobBytes: 500 };
    expect(keyServices({ default: platform, tenants: { acme: long } }).maxBlobBytes).toBe(500);
    expect(keyServices({ tenants: () => undefined }).maxBlobBytes).toBe(1016);
  });

  it('refuses two keys of one name for a tenant', () => {
    expect(() => keyServices({ tenants: { acme: [platform, keyring(1)] } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        problems: [{ path: 'tenants.acme', message: 'has two keys of one name in its services' }],
      }),
    );
  });

  it.each([7, { acme: 7 }, { acme: [] }, { 'a:b': platform }, undefined])('refuses the tenants %o', (tenants) => {
    expect(() => keyServices({ tenants } as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  it('threat 37: takes nothing else than a key service from a function, and lets no text of it out', () => {
    const code = { code: 'KEY_NOT_CONFIGURED' };
    expect(() => keyServices({ tenants: () => 7 as never }).kekIds(acme)).toThrow(expect.objectContaining(code));
    const throwing = keyServices({
      tenants: () => {
        throw new Error('hunter2');
      },
    });
    expect(() => throwing.kekIds(acme)).toThrow(expect.objectContaining({ code: 'KEY_SERVICE_AWAY' }));
    expect(() => throwing.kekIds(acme)).not.toThrow(/hunter2/);
  });
});

function platformLike(): KeyService {
  return {
    maxBlobBytes: 60,
    kekIds: () => [],
    generateDataKey: () => Promise.reject(new Error('not called')),
    unwrapDataKey: () => Promise.reject(new Error('not called')),
  };
}
