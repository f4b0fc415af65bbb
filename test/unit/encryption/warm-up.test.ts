import { describe, expect, it } from 'vitest';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import { createEnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { envelopeEncryption, type EnvelopeEncryptionOptions } from '../../../src/encryption/encryption-options.js';
import { WARM_UP_MS } from '../../../src/encryption/warm-up.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { FaultyKeyService } from '../../support/faulty-key-service.js';
import { acme, codeOf, globex, identity, recordingTelemetry } from './fixtures.js';

function harness(options: Partial<EnvelopeEncryptionOptions>, tenants: readonly TenantId[] = [acme, globex]) {
  const clock = new VirtualClock();
  const service = new FaultyKeyService(clock, tenants);
  const { logged, telemetry } = recordingTelemetry();
  const cipher = createEnvelopeCipher(envelopeEncryption({ kms: service, ...options }), { clock, telemetry });
  const warmUp = (): Promise<string> => clock.advanceUntil(codeOf(() => cipher.warmUp()));
  return { clock, service, cipher, logged, warmUp };
}

const seal = (tenantId: TenantId) => [identity({ tenantId }), Buffer.from('{}'), 1_767_225_600_000] as const;

describe('warming up', () => {
  it('makes none for a tenant that is erased, and nothing is missing then', async () => {
    const { service, warmUp, logged } = harness({ warmUp: ['acme', 'globex'], erasedKeks: { acme: ['00'.repeat(8)] } });
    expect(await warmUp()).toBe('no error');
    expect(service.calls.map(({ tenantId }) => tenantId)).toEqual(['globex']);
    expect(logged).toEqual([]);
  });

  it.each([
    ['a list', ['acme', 'globex', 'acme']],
    ['a function', () => ['acme', 'globex']],
    ['a function that answers later', () => Promise.resolve(new Set(['acme', 'globex']))],
  ] as const)('makes the data keys of %s, so that the first event waits for nothing', async (_, tenants) => {
    const { service, cipher, warmUp, logged } = harness({ warmUp: tenants });
    expect(await warmUp()).toBe('no error');
    expect(service.calls).toHaveLength(2);
    expect(cipher.sealValue(...seal(acme))).toBeInstanceOf(Buffer);
    expect(cipher.sealValue(...seal(globex))).toBeInstanceOf(Buffer);
    expect(logged).toEqual([]);
  });

  it('makes thousands of them 32 at once', async () => {
    const tenants = Array.from({ length: 2_000 }, (_, index) => parseTenantId(`t${index}`));
    const { clock, service, warmUp } = harness({ warmUp: tenants }, tenants);
    const startMs = clock.monotonicMs();
    expect(await warmUp()).toBe('no error');
    expect([service.calls.length, service.mostRunning]).toEqual([2_000, 32]);
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual((2_000 / 32 + 1) * 20);
  });

  it('fails at once where the service is away', async () => {
    const tenants = Array.from({ length: 1_000 }, (_, index) => parseTenantId(`t${index}`));
    const { service, warmUp } = harness({ warmUp: tenants }, tenants);
    service.mood = () => 'down';
    expect(await warmUp()).toBe('KEY_SERVICE_AWAY');
    expect(service.calls.length).toBeLessThanOrEqual(64);
  });

  it('fails after 30 s at the latest where the service hangs, or goes on if told so', async () => {
    const tenants = Array.from({ length: 1_000 }, (_, index) => parseTenantId(`t${index}`));
    for (const [onUnreachable, code] of [
      ['fail', 'KEY_SERVICE_AWAY'],
      ['degrade', 'no error'],
    ] as const) {
      const { clock, service, warmUp, logged } = harness({ warmUp: tenants, onUnreachable }, tenants);
      service.mood = () => 'hangs';
      const startMs = clock.monotonicMs();
      expect(await warmUp()).toBe(code);
      expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(WARM_UP_MS + 5_000);
      expect(logged.filter(({ event }) => event === 'warmUpIncomplete')).toEqual(
        onUnreachable === 'degrade' ? [{ event: 'warmUpIncomplete', tenants: 1_000, made: 0 }] : [],
      );
    }
  });

  it('degraded serves who can be served, and the others by itself once the service is back', async () => {
    const { clock, service, cipher, warmUp } = harness({ warmUp: ['acme', 'globex'], onUnreachable: 'degrade' });
    service.mood = (tenantId) => (tenantId === acme ? 'hangs' : 'up');
    expect(await warmUp()).toBe('no error');
    expect(cipher.sealValue(...seal(globex))).toBeInstanceOf(Buffer);
    expect(await codeOf(() => cipher.sealValue(...seal(acme)))).toBe('KEY_SERVICE_AWAY');
    service.mood = () => 'up';
    await clock.advance(2_000);
    expect(await clock.advanceUntil(codeOf(() => cipher.sealValue(...seal(acme))))).toBe('no error');
  });

  it.each(['refuses', 'gone'] as const)('is not failed by the one tenant whose key the service %s', async (mood) => {
    const { service, cipher, warmUp, logged } = harness({ warmUp: ['acme', 'globex'] });
    service.mood = (tenantId) => (tenantId === acme ? mood : 'up');
    expect(await warmUp()).toBe('no error');
    expect(cipher.sealValue(...seal(globex))).toBeInstanceOf(Buffer);
    expect(logged.map(({ event }) => event)).toEqual(['keyRefused', 'warmUpIncomplete']);
  });

  it('says which tenant has no key, what is no tenant id, and what the function throws', async () => {
    expect(await harness({ warmUp: ['initech'] }).warmUp()).toBe('KEY_NOT_CONFIGURED');
    expect(await harness({ warmUp: () => ['a:b'] }).warmUp()).toBe('INVALID_TENANT_ID');
    const failing = (): never => {
      throw new RangeError('mine');
    };
    expect(await harness({ warmUp: failing }).warmUp()).toBe('untyped RangeError');
  });

  it('ends when the cipher is closed', async () => {
    const { cipher, service, clock } = harness({ warmUp: ['acme'], onUnreachable: 'degrade' });
    service.mood = () => 'hangs';
    const result = codeOf(() => cipher.warmUp());
    await clock.advance(10);
    cipher.close();
    expect(await result).toBe('NOT_RUNNING');
    expect(clock.pendingTimers).toBe(0);
  });
});
