import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { isTenantryError, tenantryError } from '../../../src/core/errors.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { DataKeySource } from '../../../src/encryption/data-key-source.js';
import type { KekDestruction, KekSharing } from '../../../src/encryption/key-destruction.js';
import { ONCE_TIMEOUT_MS } from '../../../src/encryption/key-service-calls.js';
import { KeyServiceFailure, type KeyService } from '../../../src/encryption/key-service.js';
import { keyServices } from '../../../src/encryption/key-services.js';
import { ConfiguredKeks, type KeyUris } from '../../../src/encryption/key-uris.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { openDirectory } from '../../../src/tenant/directory.js';
import { ErasureEntries } from '../../../src/tenant/erasure-entries.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { DestroyingKeyService } from '../../support/destroying-key-service.js';
import { acme, codeOf, globex, KEKS, outcome, recordingTelemetry } from './fixtures.js';

const KEK_ID = Buffer.from('12345678');
const OTHER_ID = Buffer.from('87654321');
const OPTIONS = { exclusive: false };
const never = new AbortController().signal;
const DONE: KekDestruction = { state: 'destroyed', keyUri: 'key/acme', answer: { name: 'acme' } };

function source(service: Partial<KeyService>) {
  const clock = new VirtualClock();
  const onKeyRefused = vi.fn();
  const complete: KeyService = {
    maxBlobBytes: 60,
    kekIds: () => [KEK_ID, OTHER_ID],
    generateDataKey: () => ({ plaintext: Buffer.alloc(32, 1), blob: Buffer.alloc(60) }),
    unwrapDataKey: () => Buffer.alloc(32, 1),
    ...service,
  };
  const { logged, telemetry } = recordingTelemetry();
  const erasure = new ErasureEntries(openDirectory);
  const made = new DataKeySource({ erasure, service: complete, clock, telemetry, random: () => 0, onKeyRefused });
  return { source: made, clock, onKeyRefused, logged };
}

describe('whether a key is one tenant’s alone', () => {
  const naming = { isUri: (uri: string): boolean => uri.length > 0, form: 'a name' };
  it.each<[string, KeyUris, readonly string[], KekSharing]>([
    ['a template', 'key/{tenant}', [], 'own'],
    ['a template with an alias of nobody', 'key/{tenant}', ['archive/acme', 'key/'], 'own'],
    ['a template that gives it to another by an alias', 'key/{tenant}', ['key/globex'], 'shared'],
    ['a template with the tenant twice', 'key/{tenant}-{tenant}', ['key/globex-acme'], 'own'],
    ['templates that may name it twice', ['key/old-{tenant}', 'key/{tenant}'], [], 'unknown'],
    ['a map', { acme: 'key/acme', globex: 'key/globex' }, [], 'own'],
    ['a map that names it twice', { acme: 'key/acme', globex: ['key/globex', 'key/acme'] }, [], 'shared'],
    ['a map that names it by an alias', { acme: 'key/acme', globex: 'alias/both' }, ['alias/both'], 'shared'],
    ['a map that names it for nobody else', { acme: ['key/acme', 'key/old'] }, ['alias/acme'], 'own'],
    ['a function', () => 'key/acme', [], 'unknown'],
  ])('is known of %s', (_what, keys, names, sharing) => {
    const configured = new ConfiguredKeks(keys, naming);
    const [kekId] = configured.ids(acme);
    expect(configured.sharing(acme, configured.uri(acme, kekId!), names)).toBe(sharing);
  });

  it('is not known of a template where the service ignores case, as acme and Acme are two tenants', () => {
    const configured = new ConfiguredKeks('key/{tenant}', naming);
    const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
    expect(configured.sharing(acme, 'key/acme', [], isSame)).toBe('unknown');
  });
});

describe('the destruction of a key', () => {
  it('names the key, passes on what is said of it, drops its data keys at once and is logged', async () => {
    const destroyKek = vi.fn(() => DONE);
    const { source: made, onKeyRefused, logged } = source({ destroyKek });
    const options = { exclusive: true, earlier: { name: 'x' } };
    expect(await made.destroyKek(acme, OTHER_ID, options)).toEqual(DONE);
    expect(destroyKek.mock.calls).toEqual([[acme, OTHER_ID, options, expect.any(AbortSignal)]]);
    expect(onKeyRefused.mock.calls).toEqual([[acme, OTHER_ID]]);
    expect(logged).toEqual([
      { event: 'keyDestroyed', tenant: 'acme', kek: OTHER_ID.toString('hex'), state: 'destroyed' },
    ]);
  });

  it.each<[unknown, string]>([
    [new KeyServiceFailure('away', 'ThrottlingException'), 'KEY_SERVICE_AWAY'],
    [new KeyServiceFailure('key-refused', 'AccessDeniedException'), 'KEY_REFUSED'],
    [new KeyServiceFailure('key-being-destroyed', 'PendingDeletion'), 'KEY_REFUSED'],
    [new KeyServiceFailure('data-key-refused', 'nonsense'), 'KEY_REFUSED'],
    [new KeyServiceFailure('key-gone', 'alias-not-found'), 'KEY_GONE'],
    [tenantryError('KEY_SHARED', 'shared'), 'KEY_SHARED'],
    [new TypeError('hunter2'), 'KEY_SERVICE_AWAY'],
  ])(
    'that fails with %o is %s, says nothing of the use of the key, and leaves its data keys',
    async (failure, code) => {
      const { source: made, onKeyRefused, logged } = source({ destroyKek: () => Promise.reject(failure) });
      for (let times = 0; times < 5; times += 1) {
        const result = await outcome(() => made.destroyKek(acme, KEK_ID, OPTIONS));
        expect(result).toMatchObject({ code });
        // threat 37: no text of the service.
        expect(inspect(result, { showHidden: true })).not.toContain('hunter2');
      }
      expect(onKeyRefused).not.toHaveBeenCalled();
      expect([logged, made.alarms()]).toEqual([[], []]);
      expect(await codeOf(() => made.generate(acme))).toBe('no error');
    },
  );

  it('is impossible where the service has no way', async () => {
    expect(await codeOf(() => source({}).source.destroyKek(acme, KEK_ID, OPTIONS))).toBe('KEY_INDESTRUCTIBLE');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['another state', { ...DONE, state: 'deleted' }],
    ['no name', { ...DONE, keyUri: undefined }],
    ['a sentence for a name', { ...DONE, keyUri: 'the key of acme' }],
    ['a date that is none', { ...DONE, dueAtMs: Number.NaN }],
    ['a date after the year 9999', { ...DONE, dueAtMs: 253_402_300_800_000 }],
    ['a text', { ...DONE, answer: { message: 'the key was deleted' } }],
    ['a structure', { ...DONE, answer: { key: {} } }],
    ['a half', { ...DONE, answer: { days: 0.5 } }],
    ['no answer', { ...DONE, answer: null }],
    ['too many fields', { ...DONE, answer: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, n])) }],
    ['a field that is no name', { ...DONE, answer: { 'a b': 1 } }],
  ])('threat 37: takes over no answer with %s, as it goes into certificates', async (_what, answer) => {
    const { source: made, logged } = source({ destroyKek: () => answer as KekDestruction });
    expect(await codeOf(() => made.destroyKek(acme, KEK_ID, OPTIONS))).toBe('KEY_SERVICE_AWAY');
    expect(logged).toEqual([]);
  });

  it('ends in time and is never repeated behind anybody’s back', async () => {
    let asked: AbortSignal | undefined;
    const destroyKek = vi.fn((_tenant: unknown, _kek: unknown, _options: unknown, signal: AbortSignal) => {
      asked = signal;
      return new Promise<never>(() => {});
    });
    const { source: made, clock } = source({ destroyKek });
    const result = codeOf(() => made.destroyKek(acme, KEK_ID, OPTIONS));
    await clock.advance(ONCE_TIMEOUT_MS - 1);
    expect(asked?.aborted).toBe(false);
    await clock.advance(1);
    expect(await result).toBe('KEY_SERVICE_AWAY');
    expect(asked?.aborted).toBe(true);
    await clock.advance(3_600_000);
    expect(destroyKek).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
    expect(await codeOf(() => made.generate(acme))).toBe('no error');
  });

  it('is tried also where the service is known to be away for its use', async () => {
    const { source: made } = source({
      destroyKek: () => DONE,
      generateDataKey: () => {
        throw new KeyServiceFailure('away', 'ECONNREFUSED');
      },
    });
    for (let times = 0; times < 4; times += 1) await codeOf(() => made.generate(acme));
    expect(made.alarms()).toEqual([{ tenantId: acme, code: 'KEY_SERVICE_AWAY' }]);
    expect(await codeOf(() => made.destroyKek(acme, KEK_ID, OPTIONS))).toBe('no error');
  });

  it('ends with the client', async () => {
    const { source: made } = source({ destroyKek: () => new Promise<never>(() => {}) });
    const waiting = codeOf(() => made.destroyKek(acme, KEK_ID, OPTIONS));
    await Promise.resolve();
    made.close();
    expect(await waiting).toBe('NOT_RUNNING');
    expect(await codeOf(() => made.destroyKek(acme, KEK_ID, OPTIONS))).toBe('NOT_RUNNING');
  });

  it('threat 34: a key that is being destroyed is refused for use', async () => {
    const being = new KeyServiceFailure('key-being-destroyed', 'PendingDeletion');
    const { source: made, onKeyRefused } = source({ generateDataKey: () => Promise.reject(being) });
    expect(await outcome(() => made.generate(acme))).toMatchObject({ code: 'KEY_REFUSED', refused: 'key' });
    expect(onKeyRefused).toHaveBeenCalledWith(acme, KEK_ID);
  });
});

describe('the destruction of a key of the local keyring', () => {
  it('is left to whoever has the key file', async () => {
    const keyring = localKeyring({ keys: KEKS });
    const result = await outcome(() => keyring.destroyKek!(acme, keyring.kekIds(acme)[0]!, OPTIONS, never));
    expect(isTenantryError(result, 'KEY_INDESTRUCTIBLE')).toBe(true);
    expect((result as Error).message).toContain('remove the key from the key file');
  });
});

describe('the destruction of a key in one of several places', () => {
  const ofAcme = new DestroyingKeyService({ acme: KEKS.acme });
  const initech = parseTenantId('initech');
  const platform = new DestroyingKeyService({ globex: KEKS.globex, initech: KEKS.ab, acme: KEKS.a });
  const current = (service: KeyService, tenantId = acme): Buffer => service.kekIds(tenantId)[0]!;

  it('is asked of the service that holds it', async () => {
    const routed = keyServices({ default: platform, tenants: { acme: [ofAcme, platform] } });
    const [kekId, former] = routed.kekIds(acme);
    await routed.destroyKek!(acme, former!, OPTIONS, never);
    expect([ofAcme.isDestroyed(kekId!), platform.isDestroyed(former!)]).toEqual([false, true]);
    await expect(routed.destroyKek!(acme, KEK_ID, OPTIONS, never)).rejects.toMatchObject({ kind: 'key-refused' });
  });

  it('is refused for a key that is configured for another tenant at another service', async () => {
    const twin = new DestroyingKeyService({ initech: KEKS.acme });
    const routed = keyServices({ default: platform, tenants: { acme: ofAcme, initech: twin } });
    for (const exclusive of [false, true]) {
      await expect(routed.destroyKek!(acme, current(ofAcme), { exclusive }, never)).rejects.toMatchObject({
        code: 'KEY_SHARED',
      });
    }
    expect(ofAcme.isDestroyed(current(ofAcme))).toBe(false);
  });

  it('needs somebody’s word where a function says who has which service', async () => {
    const routed = keyServices({ tenants: () => platform });
    const kekId = current(platform, initech);
    await expect(routed.destroyKek!(initech, kekId, OPTIONS, never)).rejects.toMatchObject({ code: 'KEY_SHARED' });
    expect(await routed.destroyKek!(initech, kekId, { exclusive: true }, never)).toMatchObject({ state: 'destroyed' });
  });

  it('needs somebody’s word where the default service may have given the same key to another tenant', async () => {
    const twin = new DestroyingKeyService({ umbrella: KEKS.acme });
    const routed = keyServices({ default: twin, tenants: { acme: ofAcme } });
    const kekId = current(ofAcme);
    await expect(routed.destroyKek!(acme, kekId, OPTIONS, never)).rejects.toMatchObject({ code: 'KEY_SHARED' });
    expect(ofAcme.isDestroyed(kekId)).toBe(false);
    const options = { exclusive: true };
    expect(await routed.destroyKek!(acme, kekId, options, never)).toMatchObject({ state: 'destroyed' });
  });

  it('is impossible where that service has no way', async () => {
    const narrow: KeyService = {
      maxBlobBytes: 60,
      kekIds: () => [KEK_ID],
      generateDataKey: () => ({ plaintext: Buffer.alloc(32), blob: Buffer.alloc(60) }),
      unwrapDataKey: () => Buffer.alloc(32),
    };
    const routed = keyServices({ tenants: { globex: narrow } });
    await expect(routed.destroyKek!(globex, KEK_ID, OPTIONS, never)).rejects.toMatchObject({
      code: 'KEY_INDESTRUCTIBLE',
    });
  });
});
