// Consumers of a tenant that is erased: what is sealed under its destroyed key is passed over, and nothing else is.
import { describe, expect, it } from 'vitest';
import type { ErasedRecord } from '../../../src/api/erased-record.js';
import type { DedupeStore } from '../../../src/api/dedupe.js';
import { deadLetter } from '../../../src/consumer/handling/handler-verdict.js';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import type { KeyService } from '../../../src/encryption/key-service.js';
import { createEnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { ACME, GLOBEX, Noted, Whispered } from '../../support/contracts.js';
import type { ConsumerProcess } from '../../support/consume-harness.js';
import { ErasureScene, FORMS } from '../../support/erasure-scene.js';
import { eventRecord } from '../../support/records.js';

const never = new Promise<never>(() => undefined);
const MINUTE_MS = 60_000;

/** A key service that no longer has a key of the tenant in its configuration; another key has taken its place. */
function withoutKeyOf(tenantId: TenantId, { kekIds }: KeyService): KeyService['kekIds'] {
  return (asked) => (asked === tenantId ? [Buffer.from('new-kek!')] : kekIds(asked));
}

const WITNESSES = ['gone', 'being-destroyed', 'not configured'] as const;

/** Has the key service give the second witness. */
function destroy(scene: ErasureScene, witness: (typeof WITNESSES)[number]): void {
  if (witness === 'not configured') scene.service.kekIds = withoutKeyOf(ACME, scene.service);
  else scene.moodOf = (tenantId) => (tenantId === ACME ? witness : 'up');
}

describe.each(FORMS)('threat 34: a record whose key is destroyed and named by an entry (%s)', (form) => {
  it.each(WITNESSES)('is erased where the key is %s: passed over, counted, copied nowhere', async (witness) => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.write(ACME, form);
    const live = scene.write(GLOBEX, form);
    scene.enter(ACME);
    destroy(scene, witness);
    const process = await scene.start();
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(scene.seen).toEqual([`globex ${live}`]);
    expect(process.consumer.counts()).toMatchObject({ erased: 1, handled: 1, failedAttempts: 0, deadLettered: 0 });
    expect(process.consumer.counts().quarantined).toEqual({});
    expect(scene.copies).toEqual([]);
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
    expect(scene.service.count(ACME, 'unwrap')).toBe(witness === 'not configured' ? 0 : 1);
    // No retry: a held record would have been logged.
    expect(process.logger.of('recordHeld')).toEqual([]);
    expect(process.logger.of('keyErased')).toMatchObject([{ tenant: 'acme' }]);
    expect(process.logger.of('erased')).toHaveLength(1);
  });

  it('opens while the key service still unwraps, for all the entry says', async () => {
    const scene = new ErasureScene([ACME]);
    const id = scene.write(ACME, form);
    scene.enter(ACME);
    const process = await scene.start();
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(scene.seen).toEqual([`acme ${id}`]);
    expect(process.consumer.counts()).toMatchObject({ erased: 0, handled: 1 });
  });
});

describe('threat 34: one witness is not enough', () => {
  it.each([
    ['gone', 'KEY_GONE'],
    ['being-destroyed', 'KEY_REFUSED'],
  ] as const)('without an entry a key that is %s parks the tenant with %s, and nothing is lost', async (mood, code) => {
    const scene = new ErasureScene([ACME]);
    const id = scene.write(ACME);
    scene.moodOf = () => mood;
    const process = await scene.start();
    await scene.harness.clock.advance(MINUTE_MS);
    expect(scene.harness.committed()).toBe(0);
    expect(process.consumer.health().reasons.join()).toContain(code);
    expect(process.consumer.counts().erased).toBe(0);
    expect(scene.copies).toEqual([]);
    scene.moodOf = () => 'up';
    await scene.harness.clock.advance(5_000);
    expect(scene.seen).toEqual([`acme ${id}`]);
  });

  it('without an entry a key that is not configured sends the record to quarantine', async () => {
    const scene = new ErasureScene([ACME]);
    scene.write(ACME);
    destroy(scene, 'not configured');
    const process = await scene.start();
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ erased: 0, quarantined: { KEY_REFUSED: 1 } });
  });

  it('an entry for another key, or for another tenant’s, is none', async () => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.write(ACME);
    scene.profiles.set(ACME, { erasedKeks: [scene.kekOf(GLOBEX)] });
    scene.profiles.set(GLOBEX, { erasedKeks: [scene.kekOf(ACME)] });
    scene.moodOf = () => 'gone';
    const process = await scene.start();
    await scene.harness.clock.advance(MINUTE_MS);
    expect([process.consumer.counts().erased, scene.harness.committed()]).toEqual([0, 0]);
  });

  it.each(['down', 'throttles', 'hangs', 'refuses', 'nonsense'] as const)(
    'with an entry, and a key service that %s, the tenant is parked as ever',
    async (mood) => {
      const scene = new ErasureScene([ACME]);
      const id = scene.write(ACME);
      scene.enter(ACME);
      scene.moodOf = () => mood;
      const process = await scene.start();
      await scene.harness.clock.advance(MINUTE_MS);
      expect([process.consumer.counts().erased, scene.harness.committed()]).toEqual([0, 0]);
      expect(scene.copies).toEqual([]);
      scene.moodOf = () => 'up';
      await scene.harness.clock.advance(20_000);
      expect(scene.seen).toEqual([`acme ${id}`]);
    },
  );

  it('a record that is forged under the key that is named is still no other’s', async () => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.write(ACME);
    // Globex is erased; acme's record says that it is globex's.
    const [stolen] = scene.harness.kafka.log('notes').records;
    scene.harness.kafka.append(
      eventRecord({ tenant: 'globex', eventType: Whispered.eventType, value: stolen?.value ?? null }),
    );
    scene.enter(GLOBEX);
    scene.moodOf = (tenantId) => (tenantId === GLOBEX ? 'gone' : 'up');
    const process = await scene.start();
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ erased: 0, handled: 1, quarantined: { KEY_REFUSED: 1 } });
  });
});

describe('threat 34: where the entry stands', () => {
  it.each([
    ['an object', (kek: string) => ({ acme: [kek] })],
    ['a function', (kek: string) => (tenantId: string) => (tenantId === 'acme' ? [kek] : undefined)],
  ])('it may be the option erasedKeks, as %s', async (_, entryOf) => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.write(ACME);
    scene.write(GLOBEX);
    scene.moodOf = (tenantId) => (tenantId === ACME ? 'gone' : 'up');
    const process = await scene.start({}, { erasedKeks: entryOf(scene.kekOf(ACME)) });
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ erased: 1, handled: 1 });
  });

  it.each<[string, () => unknown]>([
    ['throws', () => expect.fail('tenant data')],
    ['answers with no ids', () => ['tenant data']],
    ['answers with a promise', () => Promise.reject(new Error('tenant data'))],
    ['answers with null', () => null],
  ])('what %s is no witness: the tenant waits, and nothing of it is copied', async (_, answer) => {
    for (const witness of WITNESSES) {
      const scene = new ErasureScene([ACME, GLOBEX]);
      scene.write(ACME);
      scene.write(GLOBEX);
      const erasedKek = scene.kekOf(ACME);
      let answered = answer as () => readonly string[];
      destroy(scene, witness);
      const erasedKeks = (tenantId: string): readonly string[] | undefined =>
        tenantId === 'acme' ? answered() : undefined;
      const process = await scene.start({}, { erasedKeks });
      await scene.harness.clock.advance(10_000);
      expect(process.consumer.counts(), witness).toMatchObject({ erased: 0, handled: 1, quarantined: {} });
      expect([scene.copies, scene.harness.committed()]).toEqual([[], 0]);
      expect(JSON.stringify(process.logger.entries)).not.toContain('tenant data');
      answered = () => [erasedKek];
      await scene.harness.clock.advance(2_000);
      expect(process.consumer.counts().erased).toBe(1);
    }
  });

  it('one that a directory answers in a wrong form never makes a record erased', async () => {
    const scene = new ErasureScene([ACME]);
    scene.write(ACME);
    scene.profiles.set(ACME, { erasedKeks: [scene.kekOf(ACME).toUpperCase()] });
    scene.moodOf = () => 'gone';
    const process = await scene.start();
    await scene.harness.clock.advance(2_000);
    expect(process.consumer.counts()).toMatchObject({ erased: 0, quarantined: { UNKNOWN_TENANT: 1 } });
  });
});

describe('threat 34: a tenant that is parked with KEY_GONE', () => {
  it('goes on as erased once the entry is there, without a restart, and its alarm ends', async () => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.moodOf = (tenantId) => (tenantId === ACME ? 'gone' : 'up');
    const process = await scene.start({ maxBufferedRecords: 100 });
    for (let second = 0; second < 60; second++) {
      for (let record = 0; record < 10; record++) scene.write(ACME, 'sealed value', `a${record}`);
      scene.write(GLOBEX);
      await scene.harness.clock.advance(1_000);
    }
    expect(process.consumer.lag()).toMatchObject([{ tenantId: 'acme', parked: true }]);
    expect(process.consumer.health().reasons.join()).toContain('KEY_GONE');
    scene.enter(ACME);
    expect(process.consumer.health().reasons.join()).not.toContain('KEY_GONE');
    await scene.harness.clock.advance(10_000);
    expect(process.consumer.counts()).toMatchObject({ erased: 600, handled: 60 });
    expect(scene.harness.committed()).toBe(660);
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
    expect(scene.copies).toEqual([]);
  });

  it('and is parked again once the entry is taken back', async () => {
    const scene = new ErasureScene([ACME]);
    scene.moodOf = () => 'gone';
    scene.enter(ACME);
    const process = await scene.start();
    scene.write(ACME);
    await scene.harness.clock.advance(2_000);
    expect(process.consumer.counts().erased).toBe(1);
    scene.profiles.delete(ACME);
    const id = scene.write(ACME);
    await scene.harness.clock.advance(2_000);
    expect(process.consumer.counts().erased).toBe(1);
    expect(process.consumer.health().reasons.join()).toContain('KEY_GONE');
    scene.moodOf = () => 'up';
    await scene.harness.clock.advance(2_000);
    expect(scene.seen).toEqual([`acme ${id}`]);
  });
});

describe('threat 34: the flood of an erased tenant', () => {
  it('passes without a call a record, and holds up no other tenant', async () => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    const FLOOD = 20_000;
    scene.enter(ACME);
    scene.moodOf = (tenantId) => (tenantId === ACME ? 'gone' : 'up');
    for (let record = 0; record < FLOOD; record++) scene.write(ACME, 'sealed value', `a${record % 50}`);
    const process = await scene.start();
    const live: string[] = [];
    for (let second = 0; second < 10; second++) {
      live.push(`globex ${scene.write(GLOBEX)}`);
      await scene.harness.clock.advance(1_000);
      expect(scene.seen).toEqual(live);
    }
    expect(process.consumer.counts()).toMatchObject({ erased: FLOOD, handled: 10 });
    expect(scene.harness.committed()).toBe(FLOOD + 10);
    expect(scene.service.count(ACME, 'unwrap')).toBeLessThanOrEqual(20);
  });

  it('costs a call a minute from then on, however much comes', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'being-destroyed';
    const process = await scene.start();
    for (let second = 0; second < 600; second++) {
      for (let record = 0; record < 5; record++) scene.write(ACME, 'sealed value', `a${record}`);
      await scene.harness.clock.advance(1_000);
    }
    expect(process.consumer.counts().erased).toBe(3_000);
    expect(scene.service.count(ACME, 'unwrap')).toBeLessThanOrEqual(11);
    // A destruction that is called off is noticed by it.
    scene.moodOf = () => 'up';
    await scene.harness.clock.advance(MINUTE_MS);
    const id = scene.write(ACME);
    await scene.harness.clock.advance(1_000);
    expect(scene.seen).toEqual([`acme ${id}`]);
  });
});

describe('threat 35: a key that is destroyed while its data key is cached', () => {
  it.each([...WITNESSES, 'gone, and idle meanwhile'] as const)(
    'makes its records erased within 15 minutes where it is %s',
    async (witness) => {
      const scene = new ErasureScene([ACME]);
      const process = await scene.start();
      scene.write(ACME);
      await scene.harness.clock.advance(1_000);
      expect(process.consumer.counts().handled).toBe(1);
      const isIdle = witness === 'gone, and idle meanwhile';
      scene.enter(ACME);
      destroy(scene, isIdle ? 'gone' : witness);
      const startMs = scene.harness.clock.monotonicMs();
      if (isIdle) await scene.harness.clock.advance(15 * MINUTE_MS);
      while (process.consumer.counts().erased === 0 && scene.harness.clock.monotonicMs() - startMs < 60 * MINUTE_MS) {
        scene.write(ACME);
        await scene.harness.clock.advance(10_000);
      }
      expect(scene.harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(15 * MINUTE_MS + 10_000);
      const { handled } = process.consumer.counts();
      if (isIdle) expect(handled).toBe(1);
      // From then on none opens.
      for (let record = 0; record < 20; record++) scene.write(ACME);
      await scene.harness.clock.advance(5_000);
      expect(process.consumer.counts().handled).toBe(handled);
      expect(process.consumer.counts().erased).toBeGreaterThanOrEqual(21);
      expect(scene.copies).toEqual([]);
    },
  );
});

describe('what an erased tenant has left that is not sealed', () => {
  it('is handled as ever', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    const handled: string[] = [];
    await scene.harness.start((consumer) => consumer.on(Noted, ({ id }) => handled.push(id)), {
      directory: scene.directory,
    });
    scene.harness.kafka.append(eventRecord({ tenant: 'acme', eventId: 'plain' }));
    await scene.harness.clock.advance(1_000);
    expect(handled).toEqual(['plain']);
  });
});

describe('threat 34: the notice of an erased record', () => {
  it('comes before the offset passes, tells where it was, and holds no payload', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    const told: ErasedRecord[] = [];
    let take = (): void => undefined;
    const process: ConsumerProcess = await scene.start({
      onErased: (record) => {
        told.push(record);
        expect(process.ambient.current).toBeUndefined();
        return new Promise<void>((resolve) => (take = resolve));
      },
    });
    scene.write(ACME);
    await scene.harness.clock.advance(2_000);
    expect(told).toEqual([
      {
        tenantId: 'acme',
        topic: 'notes',
        partition: 0,
        offset: 0,
        eventType: 'notes.whispered.v1',
        timestamp: expect.any(Date),
      },
    ]);
    expect([scene.harness.committed(), process.consumer.counts().erased]).toEqual([0, 0]);
    take();
    await scene.harness.clock.advance(2_000);
    expect([scene.harness.committed(), process.consumer.counts().erased]).toEqual([1, 1]);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['throws', () => expect.fail('tenant data')],
    ['rejects', () => Promise.reject(new RangeError('tenant data'))],
    ['never settles', () => never],
  ])('is given again until it is taken, where onErased %s: the record waits, and says so', async (_, fail) => {
    const scene = new ErasureScene([ACME, GLOBEX]);
    scene.enter(ACME);
    scene.moodOf = (tenantId) => (tenantId === ACME ? 'gone' : 'up');
    let isFailing = true;
    let told = 0;
    const process = await scene.start({
      onErased: () => {
        told += 1;
        return isFailing ? fail() : undefined;
      },
    });
    scene.write(ACME);
    const live = scene.write(GLOBEX);
    await scene.harness.clock.advance(20_000);
    expect(scene.seen).toEqual([`globex ${live}`]);
    expect(told).toBeGreaterThan(3);
    expect([scene.harness.committed(), process.consumer.counts().erased]).toEqual([0, 0]);
    expect(process.logger.of('erasureNoticeFailed').length).toBeGreaterThan(3);
    expect(process.consumer.health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('onErased has failed')],
    });
    expect(JSON.stringify(process.logger.entries)).not.toContain('tenant data');
    isFailing = false;
    await scene.harness.clock.advance(5_000);
    expect([scene.harness.committed(), process.consumer.counts().erased]).toEqual([2, 1]);
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
    expect([scene.copies, process.consumer.counts().failedAttempts]).toEqual([[], 0]);
  });

  it('comes again after a crash before the offset was committed', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    const told: number[] = [];
    const onErased = ({ offset }: ErasedRecord): unknown => told.push(offset);
    scene.write(ACME);
    const process = await scene.start({ onErased, commitIntervalMs: 60_000 });
    await scene.harness.clock.advance(1_000);
    process.kill();
    await scene.start({ onErased });
    await scene.harness.clock.advance(1_000);
    expect(told).toEqual([0, 0]);
  });

  it('is not taken for given where its partition goes away meanwhile', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    let take = (): void => undefined;
    const process = await scene.start({ onErased: () => new Promise<void>((resolve) => (take = resolve)) });
    scene.write(ACME);
    await scene.harness.clock.advance(500);
    const stopping = process.consumer.stop();
    await scene.harness.clock.advance(100);
    take();
    await scene.harness.clock.advanceUntil(stopping);
    expect([scene.harness.committed(), process.consumer.counts().erased]).toEqual([0, 0]);
  });
});

describe('threat 34: what had gone elsewhere before the tenant was erased', () => {
  it('ends as erased when its dead letters are redriven', async () => {
    const scene = new ErasureScene([ACME]);
    const encryption = envelopeEncryption({ kms: scene.service });
    const told: ErasedRecord[] = [];
    const process = await scene.harness.start(
      (consumer) =>
        consumer.on(Whispered, () => {
          throw deadLetter('as planned');
        }),
      {
        directory: scene.directory,
        cipher: (ports) => createEnvelopeCipher(encryption, ports),
        options: { commitIntervalMs: 100, onErased: (record) => told.push(record) },
      },
    );
    scene.write(ACME);
    scene.write(ACME);
    await scene.harness.clock.advance(1_000);
    expect(scene.harness.deadLetters).toHaveLength(2);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    await scene.harness.clock.advance(16 * MINUTE_MS);
    const report = await scene.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(report.matched).toBe(2);
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ erased: 2, deadLettered: 2, quarantined: {} });
    expect(scene.harness.deadLetters).toHaveLength(2);
    expect(told.map(({ topic, offset }) => `${topic} ${offset}`)).toEqual([
      '_shared.readers.notes.dlq 0',
      '_shared.readers.notes.dlq 1',
    ]);
    const again = await scene.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(again.matched).toBe(0);
  });

  it('ends as erased when it is replayed', async () => {
    const scene = new ErasureScene([ACME]);
    const process = await scene.start({ commitIntervalMs: 100 });
    scene.write(ACME);
    await scene.harness.clock.advance(1_000);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    await scene.harness.clock.advance(16 * MINUTE_MS);
    await scene.harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await scene.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ erased: 1, handled: 1 });
  });

  it('is neither asked of a dedupe store nor told to it', async () => {
    const scene = new ErasureScene([parseTenantId('initech'), ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    const calls: string[] = [];
    const store: DedupeStore = {
      has: (key) => calls.push(key) < 0,
      mark: (key) => calls.push(key),
    };
    const process = await scene.start({ dedupe: { store } });
    scene.write(ACME);
    await scene.harness.clock.advance(1_000);
    expect([process.consumer.counts().erased, calls]).toEqual([1, []]);
  });
});

describe('threat 37: what is said of an erased tenant', () => {
  it('holds no key, no payload and no text of the key service', async () => {
    const scene = new ErasureScene([ACME]);
    scene.enter(ACME);
    scene.moodOf = () => 'gone';
    const process = await scene.start();
    scene.write(ACME, 'sealed value', 'private');
    await scene.harness.clock.advance(1_000);
    const logged = JSON.stringify(process.logger.entries);
    expect(process.logger.of('keyErased')).toEqual([
      { event: 'keyErased', tenant: 'acme', kek: scene.kekOf(ACME), reason: 'NotFoundException' },
    ]);
    expect(process.logger.of('erased')).toEqual([
      { event: 'erased', tenant: 'acme', topic: 'notes', partition: 0, offset: 0 },
    ]);
    expect(logged).not.toContain('private');
  });
});
