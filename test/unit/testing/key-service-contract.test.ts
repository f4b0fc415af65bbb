// The contract notices what is wrong with a key service: each driver below is broken in one way.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '../../../src/core/tenant-id.js';
import { tenantryError } from '../../../src/core/errors.js';
import type { KekDestruction } from '../../../src/encryption/key-destruction.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../../src/encryption/key-service.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { DestroyingKeyService } from '../../support/destroying-key-service.js';
import { keyServiceContract, type KeyServiceSubject } from '../../../src/testing/index.js';

const KEK = Buffer.alloc(32, 1);
const OLD = Buffer.alloc(32, 2);
const good = localKeyring({ keys: { acme: { current: KEK, previous: [OLD] }, globex: KEK } });

const made = (tenantId: TenantId, kekId: Buffer): GeneratedDataKey =>
  good.generateDataKey(tenantId, kekId, never) as GeneratedDataKey;
const never = new AbortController().signal;

function broken(change: Partial<KeyService>): KeyService {
  return {
    maxBlobBytes: good.maxBlobBytes,
    kekIds: (...args) => good.kekIds(...args),
    generateDataKey: (...args) => good.generateDataKey(...args),
    unwrapDataKey: (...args) => good.unwrapDataKey(...args),
    ...change,
  };
}

async function complaints(service: KeyService, more: Partial<KeyServiceSubject> = {}): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, run } of keyServiceContract({
    service: () => service,
    tenants: ['acme', 'globex'],
    stranger: 'initech',
    beforeRotation: () => localKeyring({ keys: { acme: OLD } }),
    ...more,
  })) {
    await run().catch((error: unknown) => (found[name] = (error as Error).message));
  }
  return found;
}

const acmeFor = (): TenantId => 'acme' as TenantId;

afterEach(() => {
  vi.useRealTimers();
});

describe('the contract of key services', () => {
  it('has nothing to say of a good one', async () => {
    expect(await complaints(good)).toEqual({});
  });

  it.each<[string, Partial<KeyService>, string]>([
    [
      'threat 4: that binds no tenant',
      { unwrapDataKey: (tenantId, kekId, blob) => unwrapForAnybody(tenantId, kekId, blob) },
      'refuses to unwrap for another tenant',
    ],
    [
      'threat 28: with data keys of 16 bytes',
      { generateDataKey: (tenantId, kekId) => ({ ...made(tenantId, kekId), plaintext: Buffer.alloc(16) }) },
      'makes data keys of 32 bytes that unwrap to the same',
    ],
    [
      'with one data key for all',
      { generateDataKey: (_tenant, kekId) => made(acmeFor(), kekId), unwrapDataKey: () => Buffer.alloc(32) },
      'makes data keys of 32 bytes that unwrap to the same',
    ],
    [
      'whose forged blobs look like an outage',
      {
        unwrapDataKey: async (...args) => {
          try {
            return await good.unwrapDataKey(...args);
          } catch {
            throw new KeyServiceFailure('away', 'failed');
          }
        },
      },
      'refuses a blob with a flipped bit',
    ],
    [
      'threat 37: that passes a text on',
      {
        unwrapDataKey: (...args) => {
          try {
            return good.unwrapDataKey(...args);
          } catch {
            throw new KeyServiceFailure('data-key-refused', 'the service said: no');
          }
        },
      },
      'refuses a blob that is cut, too long or made up',
    ],
    [
      'that uses its current key for every id',
      {
        unwrapDataKey: (tenantId, _kekId, blob, signal) =>
          good.unwrapDataKey(tenantId, good.kekIds(tenantId)[0]!, blob, signal),
      },
      'refuses a key id that is not configured for the tenant',
    ],
    ['that has a key for everybody', { kekIds: () => good.kekIds(acmeFor()) }, 'gives no key to a tenant without one'],
    ['with longer blobs than it says', { maxBlobBytes: 59 }, 'keeps wrapped data keys within bounds'],
    ['with longer blobs than a record holds', { maxBlobBytes: 1017 }, 'keeps wrapped data keys within bounds'],
    [
      'with short key ids',
      { kekIds: () => [Buffer.from('kek')] },
      'gives each tenant key ids of 8 bytes, the same every time',
    ],
  ])('notices one %s', async (_what, change, name) => {
    expect(Object.keys(await complaints(broken(change)))).toContain(name);
  });

  it('notices one that never gives up', async () => {
    const silent = broken({ generateDataKey: () => new Promise(() => {}) });
    vi.useFakeTimers();
    const complained = complaints(good, { silent: () => silent });
    await vi.advanceTimersByTimeAsync(10_000);
    const found = await complained;
    expect(Object.keys(found)).toEqual(['gives up a call that nobody answers when its signal is aborted']);
  });

  it('notices one that lets a disabled key pass', async () => {
    const found = await complaints(good, { unusable: { 'key-refused': 'globex', 'key-gone': 'acme' } });
    expect(Object.values(found)).toEqual([
      'key service: making a data key under a key that may not be used succeeded',
      'key service: making a data key under a key that may not be used succeeded',
    ]);
  });

  describe('where keys are destroyed', () => {
    const NAME = 'destroys a key for good, again and again, and no other';
    const SHARED = 'destroys no key that another tenant has';
    const keys = { acme: { current: KEK, previous: [OLD] }, globex: KEK, umbrella: Buffer.alloc(32, 3) };
    const destruction = { doomed: 'umbrella', shared: 'globex' };

    /** One that knows that the key of globex is also acme's. */
    class Careful extends DestroyingKeyService {
      override destroyKek(...args: Parameters<DestroyingKeyService['destroyKek']>): KekDestruction {
        if (args[0] === 'globex') throw tenantryError('KEY_SHARED', 'shared');
        return super.destroyKek(...args);
      }
    }

    it.each([true, false])('has nothing to say of a good one (it waits: %s)', async (waits) => {
      const service = new Careful(keys);
      service.waits = waits;
      expect(await complaints(service, { destruction })).toEqual({});
    });

    it('notices one that destroys what another tenant has', async () => {
      const found = await complaints(new DestroyingKeyService(keys), { destruction });
      expect(Object.keys(found)).toContain(SHARED);
    });

    it('notices one that cannot', async () => {
      expect(Object.keys(await complaints(good, { destruction: { doomed: 'globex' } }))).toEqual([NAME]);
    });

    it.each<[string, (service: Careful) => Partial<KeyService>]>([
      ['destroys nothing', () => ({ destroyKek: () => ({ state: 'destroyed', keyUri: 'k', answer: {} }) })],
      [
        'goes back',
        (service) => {
          let times = 0;
          return {
            destroyKek: (tenantId, kekId, options) => ({
              ...service.destroyKek(tenantId, kekId, options),
              state: (times += 1) > 1 ? 'scheduled' : 'destroyed',
            }),
          };
        },
      ],
      [
        'says no the second time',
        (service) => {
          let times = 0;
          return {
            destroyKek: (tenantId, kekId, options) => {
              if ((times += 1) > 1) throw new KeyServiceFailure('key-gone', 'no-such-key');
              return service.destroyKek(tenantId, kekId, options);
            },
          };
        },
      ],
      [
        'answers with a text',
        (service) => ({
          destroyKek: (tenantId, kekId, options) => ({
            ...service.destroyKek(tenantId, kekId, options),
            answer: { message: 'done, have a nice day' },
          }),
        }),
      ],
      [
        'takes the first key of the tenant for any',
        (service) => ({
          destroyKek: (tenantId, _kekId, options) =>
            service.destroyKek(tenantId, service.kekIds(tenantId)[0]!, options),
        }),
      ],
      [
        'destroys all keys',
        (service) => ({
          destroyKek: (tenantId, kekId, options) => {
            const answer = service.destroyKek(tenantId, kekId, options);
            service.destroyKek('acme' as TenantId, service.kekIds('acme' as TenantId)[0]!, options);
            return answer;
          },
        }),
      ],
    ])('notices one that %s', async (_what, change) => {
      const service = new Careful(keys);
      const bad: KeyService = {
        maxBlobBytes: service.maxBlobBytes,
        kekIds: (...args) => service.kekIds(...args),
        generateDataKey: (...args) => service.generateDataKey(...args),
        unwrapDataKey: (...args) => service.unwrapDataKey(...args),
        ...change(service),
      };
      expect(Object.keys(await complaints(bad, { destruction: { doomed: 'umbrella' } }))).toContain(NAME);
    });
  });

  it('leaves out what there is nothing to test with', () => {
    const names = keyServiceContract({ service: () => good, tenants: ['acme', 'globex'] }).map(({ name }) => name);
    expect(names).toHaveLength(9);
    expect(names.join()).not.toMatch(/previous|nobody answers|may not be used|without one/);
  });

  function unwrapForAnybody(tenantId: TenantId, kekId: Buffer, blob: Buffer): Uint8Array {
    for (const owner of ['acme', 'globex'] as TenantId[]) {
      try {
        return good.unwrapDataKey(owner, kekId, blob, never) as Uint8Array;
      } catch {
        continue;
      }
    }
    throw new KeyServiceFailure('data-key-refused', `not-for-${tenantId}`);
  }
});
