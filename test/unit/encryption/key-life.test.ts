import { describe, expect, it } from 'vitest';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import { createEnvelopeCipher, type EnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { envelopeEncryption, type EnvelopeEncryptionOptions } from '../../../src/encryption/encryption-options.js';
import type { Eventual } from '../../../src/encryption/eventual.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { FaultyKeyService } from '../../support/faulty-key-service.js';
import { acme, codeOf, globex, identity, outcome, recordingTelemetry } from './fixtures.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TEXT = Buffer.from('{}');
const AT_MS = 1_767_225_600_000;

interface Given extends Partial<EnvelopeEncryptionOptions> {
  readonly random?: () => number;
  readonly tenants?: readonly string[];
}

function harness({ random = () => 1, tenants = ['acme', 'globex'], ...options }: Given = {}) {
  const clock = new VirtualClock();
  const service = new FaultyKeyService(clock, tenants);
  const { logged, telemetry } = recordingTelemetry();
  const make = (): EnvelopeCipher =>
    createEnvelopeCipher(envelopeEncryption({ kms: service, ...options }), { clock, telemetry, random });
  const run = <T>(work: () => Eventual<T>): Promise<T> =>
    clock.advanceUntil(
      Promise.resolve().then(() => work()),
      HOUR_MS,
    );
  const seal = (cipher: EnvelopeCipher, tenantId: TenantId = acme): Promise<Buffer> =>
    run(() => cipher.sealValue(identity({ tenantId }), TEXT, AT_MS));
  const codes = (work: () => Eventual<unknown>): Promise<string> => run(() => codeOf(work));
  return { clock, service, make, run, seal, codes, logged };
}

/** The two ways to use a key; each of them must notice for itself. */
describe.each(['sealing', 'opening'] as const)('a key in use for %s', (way) => {
  const call = way === 'sealing' ? 'generate' : 'unwrap';

  async function inUse(given: Given = {}) {
    const made = harness(given);
    const cipher = made.make();
    const record = await made.seal(made.make());
    const use = (): Eventual<unknown> =>
      way === 'sealing' ? cipher.sealValue(identity(), TEXT, AT_MS) : cipher.openValue(identity(), record);
    await made.run(use);
    const before = made.service.count(acme, call);
    return { ...made, cipher, use, calls: () => made.service.count(acme, call) - before };
  }

  it.each([
    ['refuses', 'KEY_REFUSED', 0],
    ['refuses', 'KEY_REFUSED', 1],
    ['gone', 'KEY_GONE', 0.5],
  ] as const)(
    'threat 35: stops within 15 minutes after the service %s it, while it is used (%s, jitter %d)',
    async (mood, code, jitter) => {
      const { clock, service, use, codes } = await inUse({ random: () => jitter });
      service.mood = () => mood;
      const startMs = clock.monotonicMs();
      let result = 'no error';
      while (result === 'no error' && clock.monotonicMs() - startMs < HOUR_MS) {
        await clock.advance(10_000);
        result = await codes(use);
      }
      expect(result).toBe(code);
      expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(15 * MINUTE_MS);
      service.mood = () => 'up';
      await clock.advance(1_000);
      expect(await codes(use)).toBe('no error');
    },
  );

  it('threat 35: does not serve once more after it was idle and refused meanwhile', async () => {
    const { clock, service, use, codes, cipher } = await inUse();
    service.mood = () => 'gone';
    await clock.advance(15 * MINUTE_MS);
    const all = [use, use, use].map((work) => outcome(work));
    await clock.advance(1_000);
    for (const result of await Promise.all(all)) expect(result).toMatchObject({ code: 'KEY_GONE' });
    expect(await codes(use)).toBe('KEY_GONE');
    expect(cipher.keyAlarms()).toEqual([{ tenantId: acme, code: 'KEY_GONE' }]);
  });

  it('is checked in the background, once in 9 to 14 minutes, and not while nobody uses it', async () => {
    for (const [random, minutes] of [
      [0, 9],
      [1, 14],
    ] as const) {
      const { clock, use, calls } = await inUse({ random: () => random, dataKey: { softAgeMs: 24 * HOUR_MS } });
      for (let second = 0; second < minutes * 60 * 4 + 60; second += 5) {
        await clock.advance(5_000);
        // Nobody waits for a check.
        expect(use()).not.toBeInstanceOf(Promise);
      }
      await clock.advance(100);
      expect(calls()).toBe(4);
      await clock.advance(10 * HOUR_MS);
      expect(calls()).toBe(4);
    }
  });

  it('threat 30: serves until its hard age while the service is down, and hardly anybody waits', async () => {
    const { clock, service, use, codes, calls } = await inUse();
    const startMs = clock.monotonicMs();
    service.mood = () => 'down';
    let waits = 0;
    while (clock.monotonicMs() - startMs < 24 * HOUR_MS - MINUTE_MS) {
      await clock.advance(MINUTE_MS);
      const used = use();
      if (used instanceof Promise) waits += 1;
      expect(await codes(() => used)).toBe('no error');
    }
    expect(waits).toBe(0);
    expect(calls()).toBeLessThan((24 * HOUR_MS) / 15_000);
    await clock.advance(2 * MINUTE_MS);
    expect(await codes(use)).toBe('KEY_SERVICE_AWAY');
    service.mood = () => 'up';
    await clock.advance(16_000);
    expect(await codes(use)).toBe('no error');
  });

  it('threat 31: waits once, after it was idle, for a service that hangs, and then no more', async () => {
    const { clock, service, use, codes } = await inUse();
    service.mood = () => 'hangs';
    await clock.advance(20 * MINUTE_MS);
    const startMs = clock.monotonicMs();
    expect(await codes(use)).toBe('no error');
    expect(clock.monotonicMs() - startMs).toBe(5_000);
    for (let minute = 0; minute < 300; minute++) {
      await clock.advance(MINUTE_MS);
      expect(use()).not.toBeInstanceOf(Promise);
    }
  });

  it.each(['nonsense', 'other-key'] as const)('survives that a check is answered with %s', async (mood) => {
    const { clock, service, use, codes } = await inUse({ dataKey: { softAgeMs: 24 * HOUR_MS } });
    service.mood = () => (way === 'sealing' && mood === 'other-key' ? 'down' : mood);
    for (let minute = 0; minute < 60; minute++) {
      await clock.advance(MINUTE_MS);
      expect(await codes(use)).toBe('no error');
    }
  });

  it('goes with the others of its tenant under the same key, and with no other tenant’s', async () => {
    const { clock, service, run, seal, make, codes } = harness();
    const cipher = make();
    const records = [await seal(make()), await seal(make())];
    const other = await seal(make(), globex);
    const open = (record: Buffer, tenantId: TenantId = acme): Promise<string> =>
      codes(() => cipher.openValue(identity({ tenantId }), record));
    for (const record of records) await open(record);
    await open(other, globex);
    await run(() => cipher.sealValue(identity(), TEXT, AT_MS));
    service.mood = (tenantId) => (tenantId === acme ? 'refuses' : 'up');
    await clock.advance(16 * MINUTE_MS);
    expect(await open(records[0]!)).toBe('KEY_REFUSED');
    service.mood = (tenantId) => (tenantId === acme ? 'down' : 'up');
    await clock.advance(2_000);
    expect(await open(records[1]!)).toBe('KEY_SERVICE_AWAY');
    expect(await codes(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('KEY_SERVICE_AWAY');
    expect(await open(other, globex)).toBe('no error');
  });
});

describe('a data key for opening', () => {
  it('that was unwrapped long ago is unwrapped again while it is used, so that an outage finds it young', async () => {
    const { clock, service, make, seal, codes } = harness({ random: () => 0 });
    const records = [await seal(make()), await seal(make()), await seal(make())];
    const cipher = make();
    for (const record of records) await codes(() => cipher.openValue(identity(), record));
    const use = async (hours: number): Promise<void> => {
      for (let minute = 0; minute < hours * 60; minute += 2) {
        await clock.advance(2 * MINUTE_MS);
        for (const record of records) expect(cipher.openValue(identity(), record)).not.toBeInstanceOf(Promise);
      }
    };
    await use(2 * 24);
    service.mood = () => 'down';
    await use(11);
  });

  it('is one of many, and their key is checked once for all of them', async () => {
    const { clock, service, make, seal, codes } = harness({ random: () => 0 });
    const records: Buffer[] = [];
    for (let producer = 0; producer < 15; producer++) records.push(await seal(make()));
    const cipher = make();
    for (const record of records) await codes(() => cipher.openValue(identity(), record));
    const before = service.count(acme, 'unwrap');
    for (let round = 0; round < 3 * 10 + 1; round++) {
      await clock.advance(MINUTE_MS);
      for (const record of records) await codes(() => cipher.openValue(identity(), record));
    }
    expect(service.count(acme, 'unwrap') - before).toBe(3);
  });

  it('goes where it alone is refused', async () => {
    const { clock, service, make, seal, codes } = harness();
    const [one, two] = [await seal(make()), await seal(make())];
    const cipher = make();
    for (const record of [one, two]) await codes(() => cipher.openValue(identity(), record));
    service.mood = () => 'refuses-data-key';
    await clock.advance(16 * MINUTE_MS);
    expect(await outcome(() => clock.advanceUntil(Promise.resolve(cipher.openValue(identity(), one))))).toMatchObject({
      code: 'KEY_REFUSED',
      refused: 'data-key',
    });
    service.mood = () => 'up';
    expect(await codes(() => cipher.openValue(identity(), two))).toBe('no error');
  });
});

describe('rotation of a key encryption key', () => {
  it('is noticed within 15 minutes by who seals, and the old one may go without the new one’s data keys', async () => {
    const { clock, service, make, run, codes } = harness({ tenants: ['acme', 'old'] });
    const [newKek] = service.kekIds(acme);
    const [oldKek] = service.kekIds(parseTenantId('old'));
    let kekIds = [oldKek!];
    service.kekIds = () => kekIds;
    const { generateDataKey, unwrapDataKey } = service;
    const withOwn = (kekId: Buffer): TenantId => (kekId.equals(oldKek!) ? parseTenantId('old') : acme);
    service.generateDataKey = (_tenant, kekId, signal) => generateDataKey(withOwn(kekId), kekId, signal);
    service.unwrapDataKey = (_tenant, kekId, blob, signal) => unwrapDataKey(withOwn(kekId), kekId, blob, signal);
    const cipher = make();
    const kekIn = (record: Buffer): Buffer => record.subarray(71, 79);
    const seal = (): Promise<Buffer> => run(() => cipher.sealValue(identity(), TEXT, AT_MS));
    const first = await seal();
    expect(kekIn(first)).toEqual(oldKek);
    kekIds = [newKek!, oldKek!];
    for (let minute = 0; minute < 15; minute++) {
      await clock.advance(MINUTE_MS);
      await seal();
    }
    const later = await seal();
    expect(kekIn(later)).toEqual(newKek);
    for (const record of [first, later])
      expect(await codes(() => cipher.openValue(identity(), record))).toBe('no error');
    // The old key is disabled: its records are refused, and nothing else.
    service.mood = (tenantId) => (tenantId === acme ? 'up' : 'refuses');
    await clock.advance(16 * MINUTE_MS);
    expect(await codes(() => cipher.openValue(identity(), first))).toBe('KEY_REFUSED');
    const generated = service.count(acme, 'generate');
    expect(kekIn(await seal())).toEqual(newKek);
    expect(service.count(acme, 'generate')).toBeLessThanOrEqual(generated + 1);
    expect(await codes(() => cipher.openValue(identity(), later))).toBe('no error');
  });
});

describe('thousands of tenants that started at the same time', () => {
  it('are neither checked nor renewed at the same time', async () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const tenants = Array.from({ length: 1_000 }, (_, index) => parseTenantId(`t${index}`));
    const { clock, service, make } = harness({ random, tenants });
    const cipher = make();
    const seal = (tenantId: TenantId): Eventual<unknown> => cipher.sealValue(identity({ tenantId }), TEXT, AT_MS);
    service.mood = () => 'now';
    for (const tenantId of tenants) void seal(tenantId);
    const most = async (fromMinute: number, toMinute: number): Promise<number> => {
      let highest = 0;
      for (let minute = fromMinute; minute < toMinute; minute += 0.5) {
        await clock.advance(MINUTE_MS / 2);
        const before = service.count();
        for (const tenantId of tenants) void seal(tenantId);
        highest = Math.max(highest, service.count() - before);
      }
      return highest;
    };
    expect(await most(0, 65)).toBeLessThan(200);
  });
});
