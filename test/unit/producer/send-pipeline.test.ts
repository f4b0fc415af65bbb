import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { delay } from '../../../src/core/clock.js';
import { tenantryError } from '../../../src/core/errors.js';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import type { ValueSerde } from '../../../src/serde/value-serde.js';
import { ACME, GLOBEX, Noted, Signed, Whispered } from '../../support/contracts.js';
import { ended, PublishHarness } from '../../support/publish-harness.js';

const never = new Promise<void>(() => undefined);

describe('a publish', () => {
  it('passes in the call itself where nothing has to be waited for', async () => {
    const harness = new PublishHarness();
    const receipt = harness.publish({ id: 'n1' }, { options: { eventId: 'e1', timestamp: new Date(5) } });
    expect(harness.takenIds).toEqual(['acme:n1']);
    expect(await harness.clock.advanceUntil(receipt)).toEqual({
      eventId: 'e1',
      tenantId: ACME,
      topic: 'notes',
      partition: expect.any(Number),
      offset: 0,
      timestamp: new Date(5),
    });
  });

  it.each([
    ['failed', 'PUBLISH_FAILED', true],
    ['refused', 'PUBLISH_REFUSED', false],
    ['unknown', 'DELIVERY_UNKNOWN', true],
  ] as const)('that the broker says is %s fails with %s', async (kind, code, retryable) => {
    const harness = new PublishHarness();
    harness.kafka.faults.produce = () => ({ kind, reason: 'Broker: says so' });
    const publish = harness.publish({ id: 'n1' });
    await expect(harness.clock.advanceUntil(publish)).rejects.toMatchObject({ code, retryable });
  });

  it('for a topic that does not exist fails, and the next publish passes', async () => {
    const harness = new PublishHarness();
    harness.kafka.dropTopic('notes');
    const failed = harness.ending({ id: 'n1' });
    await harness.clock.advance(10);
    expect(await failed).toBe('TOPIC_NOT_FOUND');
    harness.kafka.createTopic('notes');
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n1' }))).toMatchObject({ offset: 0 });
  });

  it('threat 41: of a record over the limit is refused before it costs anything, with size and limit', async () => {
    const harness = new PublishHarness({ maxRecordBytes: 1_000 });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    await expect(harness.publish({ id: 'n1', note: 'x'.repeat(900) })).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      sizeBytes: expect.any(Number),
      limitBytes: 1_000,
    });
    await expect(
      harness.publish({ id: 'n1' }, { options: { headers: { big: 'y'.repeat(1_000) } } }),
    ).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    expect(harness.producer.taken).toEqual([]);
    expect(harness.cipher.calls).toBe(0);
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n1' }))).toMatchObject({ offset: 0 });
    expect(harness.clock.monotonicMs()).toBeLessThan(10);
  });

  it('threat 41: weighs what sealing will add', async () => {
    const sizeOf = async (contract: typeof Noted | typeof Whispered): Promise<unknown> => {
      const harness = new PublishHarness({ maxRecordBytes: 200 });
      return harness.publish({ id: 'n1', note: 'x'.repeat(100) }, { contract }).catch((error: unknown) => error);
    };
    const plain = (await sizeOf(Noted)) as { sizeBytes: number };
    const sealed = (await sizeOf(Whispered)) as { sizeBytes: number };
    expect(sealed.sizeBytes - plain.sizeBytes).toBe(20 + Whispered.eventType.length - Noted.eventType.length);
  });

  it('of a contract whose schema changes its own output is refused at the first publish', async () => {
    const Grows = defineEvent({
      type: 'notes.grown',
      version: 1,
      topic: 'notes',
      schema: z.object({ id: z.string(), note: z.string().transform((note) => `${note}!`) }),
      aggregateId: ({ id }) => id,
      protection: 'none',
    });
    const harness = new PublishHarness();
    for (const note of ['a', 'b']) {
      await expect(harness.publish({ id: 'n1', note }, { contract: Grows })).rejects.toMatchObject({
        code: 'NOT_SERIALIZABLE',
      });
    }
    expect(harness.producer.taken).toEqual([]);
  });

  it('proves a contract once, not at every publish', async () => {
    let decoded = 0;
    const serde: ValueSerde = {
      encode: jsonSerde.encode,
      decode: (contract, bytes) => {
        decoded += 1;
        return jsonSerde.decode(contract, bytes);
      },
    };
    const harness = new PublishHarness({}, serde);
    await harness.clock.advanceUntil(Promise.all([1, 2, 3].map(() => harness.publish({ id: 'n1' }))));
    expect(decoded).toBe(1);
  });

  it('keeps the order of a key where the serde answers later for an earlier event', async () => {
    const harness: PublishHarness = new PublishHarness(
      {},
      {
        encode: (contract, value) => {
          const bytes = jsonSerde.encode(contract, value);
          const { note } = value as { note: string };
          return note === 'slow'
            ? delay(harness.clock, 50).then(() => bytes)
            : note === 'soon'
              ? delay(harness.clock, 5).then(() => bytes)
              : bytes;
        },
        decode: jsonSerde.decode,
      },
    );
    const publishes = ['slow', 'soon', 'now', 'slow', 'now'].map((note, index) =>
      harness.publish({ id: 'n1', note }, { options: { eventId: String(index) } }),
    );
    await harness.clock.advanceUntil(Promise.all(publishes));
    expect(harness.producer.taken.map(({ headers }) => headers[2]?.value.toString())).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ]);
  });

  it('that cannot be encoded does not hold those behind it', async () => {
    const harness: PublishHarness = new PublishHarness(
      {},
      {
        encode: (contract, value) =>
          (value as { note?: string }).note === 'bad'
            ? delay(harness.clock, 5).then(() => {
                throw tenantryError('NOT_SERIALIZABLE', 'no');
              })
            : jsonSerde.encode(contract, value),
        decode: jsonSerde.decode,
      },
    );
    const bad = harness.ending({ id: 'n1', note: 'bad' });
    const good = harness.ending({ id: 'n1', note: 'good' });
    expect(await harness.clock.advanceUntil(Promise.all([bad, good]))).toEqual([
      'NOT_SERIALIZABLE',
      expect.objectContaining({ offset: 0 }),
    ]);
  });
});

describe('a tombstone', () => {
  it('is null, carries its seal, and is only for compacted contracts', async () => {
    const harness = new PublishHarness();
    await harness.clock.advanceUntil(harness.pipeline.tombstone(ACME, Signed, 's1', {}));
    const [taken] = harness.producer.taken;
    expect(taken?.value).toBeNull();
    expect(taken?.key?.toString()).toBe('acme:s1');
    expect(taken?.headers.map(({ name }) => name)).toContain('tenantry-seal');
    await expect(harness.pipeline.tombstone(ACME, Noted, 's1', {})).rejects.toMatchObject({ code: 'INVALID_CONTRACT' });
    await expect(harness.pipeline.tombstone(ACME, Signed, '', {})).rejects.toMatchObject({
      code: 'INVALID_AGGREGATE_ID',
    });
  });
});

describe('one tenant that is stuck', () => {
  it.each([
    [
      'by its limit',
      (harness: PublishHarness) => {
        harness.limitOf.set(ACME, { eventsPerSecond: 0.01 });
      },
    ],
    [
      'by a key service that hangs',
      (harness: PublishHarness) => {
        harness.cipher.wait = (tenantId) => (tenantId === ACME ? never : undefined);
      },
    ],
    [
      'with half the window at the broker',
      (harness: PublishHarness) => {
        harness.kafka.faults.produce = ({ key }) =>
          key?.toString().startsWith('acme:') === true ? 'never' : undefined;
      },
    ],
  ])('%s delays no other', async (_how, stick) => {
    const harness = new PublishHarness({ maxInFlight: 10, maxWaitMs: 3_600_000 });
    stick(harness);
    for (let index = 0; index < 500; index += 1) void harness.ending({ id: `n${index}` }, { contract: Whispered });
    await harness.clock.advance(1_000);
    const startMs = harness.clock.monotonicMs();
    for (let turn = 0; turn < 100; turn += 1) {
      await harness.clock.advanceUntil(harness.publish({ id: 'g' }, { tenant: GLOBEX, contract: Whispered }));
    }
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(100);
  });

  it('lets the others take turns, a record each', async () => {
    const harness = new PublishHarness({ maxInFlight: 2 });
    harness.producer.manual = true;
    for (let index = 0; index < 6; index += 1) void harness.publish({ id: `a${index}` });
    for (const id of ['b', 'c']) {
      const tenant = parseTenantId(id);
      for (let index = 0; index < 3; index += 1) void harness.publish({ id: String(index) }, { tenant });
    }
    for (let answers = 0; answers < 12; answers += 1) {
      await harness.clock.advance(0);
      [...harness.producer.inFlight][0]?.report();
    }
    await harness.clock.advance(0);
    const tenants = harness.takenIds.map((key) => key.split(':')[0]);
    expect(tenants).toHaveLength(12);
    expect(tenants.join(' ')).toBe('acme b c acme b c acme b c acme acme acme');
  });

  it('does not starve of room for a large record behind small ones', async () => {
    const harness = new PublishHarness({ maxInFlight: 100, maxInFlightBytes: 10_000 });
    harness.kafka.delays.delivery = () => 10;
    let stop = false;
    // Each of them has nothing else to send, so that it comes with an empty queue every time.
    const flood = async (tenant: TenantId): Promise<void> => {
      while (!stop) await harness.publish({ id: 's', note: 'x'.repeat(500) }, { tenant });
    };
    for (let index = 0; index < 10; index += 1) void flood(parseTenantId(`s${index}`));
    await harness.clock.advance(25);
    const large = harness.ending({ id: 'l', note: 'y'.repeat(9_000) });
    await harness.clock.advance(50);
    expect(harness.takenIds).toContain('acme:l');
    stop = true;
    await harness.clock.advance(100);
    expect(await large).toMatchObject({ tenantId: ACME });
    expect(harness.producer.mostBytesInFlight).toBeLessThanOrEqual(10_000);
  });
});

describe('the window', () => {
  it("survives the client's own queue being full while very many tenants wait", async () => {
    const harness = new PublishHarness({ maxInFlight: 1 });
    harness.producer.manual = true;
    void harness.publish({ id: 'first' });
    const endings = Array.from({ length: 5_000 }, (_, index) =>
      harness.ending({ id: 'n' }, { tenant: parseTenantId(`t${index}`) }),
    );
    harness.producer.manual = false;
    let full = true;
    harness.kafka.faults.produce = () => (full ? 'queue-full' : undefined);
    [...harness.producer.inFlight][0]?.report();
    await harness.clock.advance(30);
    full = false;
    await harness.clock.advance(10_000);
    const receipts = await Promise.all(endings);
    expect(receipts.filter((ending) => typeof ending === 'object')).toHaveLength(5_000);
  });
});

describe('the limit', () => {
  it('makes a publish wait its turn, in order, without a burst after it', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 10 });
    const times: number[] = [];
    for (let index = 0; index < 30; index += 1) {
      void harness.publish({ id: 'n' }).then(() => times.push(harness.clock.monotonicMs()));
    }
    await harness.clock.advance(5_000);
    expect(times).toHaveLength(30);
    expect(times.slice(11).every((ms, at) => ms - times[at + 10]! >= 99)).toBe(true);
  });

  it('rejects at once with reject, and says when to come back', async () => {
    const harness = new PublishHarness({ onLimit: 'reject' });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    await harness.clock.advanceUntil(harness.publish({ id: 'n' }));
    const refused: unknown = await harness.publish({ id: 'n' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', tenantId: ACME });
    await harness.clock.advance((refused as { retryAfterMs: number }).retryAfterMs);
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }))).toMatchObject({ tenantId: ACME });
  });

  it('is waited for at most maxWaitMs', async () => {
    const harness = new PublishHarness({ maxWaitMs: 2_500 });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    const endings = Promise.all(Array.from({ length: 6 }, () => harness.ending({ id: 'n' })));
    const codes = (await harness.clock.advanceUntil(endings)).map((end) => (typeof end === 'string' ? end : 'ok'));
    expect(codes).toEqual(['ok', 'ok', 'ok', 'RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(harness.clock.monotonicMs()).toBeLessThanOrEqual(2_500);
  });

  it('lets at most maxWaiting publishes of a tenant wait', async () => {
    const harness = new PublishHarness({ maxWaiting: 3 });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    const endings = Array.from({ length: 6 }, () => harness.ending({ id: 'n' }));
    await harness.clock.advance(10);
    expect(await Promise.all(endings.slice(4))).toEqual(['PUBLISH_QUEUE_FULL', 'PUBLISH_QUEUE_FULL']);
    await harness.clock.advance(10_000);
    expect((await Promise.all(endings.slice(0, 4))).every((ending) => typeof ending === 'object')).toBe(true);
  });

  it.each(['KEY_SERVICE_AWAY', 'KEY_NOT_CONFIGURED'] as const)(
    'is given back where sealing fails with %s',
    async (code) => {
      for (const atOnce of [true, false]) {
        const harness = new PublishHarness({ onLimit: 'reject' });
        harness.limitOf.set(ACME, { eventsPerSecond: 1 });
        let away = true;
        harness.cipher.wait = () => {
          if (!away) return undefined;
          if (atOnce) throw tenantryError(code, 'away');
          return Promise.reject(tenantryError(code, 'away'));
        };
        expect(await harness.ending({ id: 'n' }, { contract: Whispered })).toBe(code);
        away = false;
        expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }, { contract: Whispered }))).toMatchObject({
          offset: 0,
        });
      }
    },
  );
});

describe('an abort', () => {
  const aborted = async (
    harness: PublishHarness,
    more: { readonly contract?: typeof Whispered } = {},
  ): Promise<{ ending: unknown; abort: AbortController }> => {
    const abort = new AbortController();
    const ending = harness.ending({ id: 'n' }, { ...more, options: { signal: abort.signal } });
    await harness.clock.advance(5);
    abort.abort();
    return { ending: await ending, abort };
  };

  it('before anything: ABORTED, and nothing is charged', async () => {
    const harness = new PublishHarness();
    const ending = harness.ending({ id: 'n' }, { options: { signal: AbortSignal.abort() } });
    expect(await ending).toBe('ABORTED');
    expect(harness.producer.taken).toEqual([]);
  });

  it('while metadata is asked for: ABORTED, without asking the key service', async () => {
    const harness = new PublishHarness();
    harness.kafka.delays.metadata = () => 100;
    expect((await aborted(harness, { contract: Whispered })).ending).toBe('ABORTED');
    await harness.clock.advance(1_000);
    expect([harness.producer.taken.length, harness.cipher.calls]).toEqual([0, 0]);
  });

  it('while the limit is waited for: ABORTED, uncharged', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    await harness.clock.advanceUntil(harness.publish({ id: 'n' }));
    expect((await aborted(harness)).ending).toBe('ABORTED');
    await harness.clock.advance(1_000);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
  });

  it('while the key service is asked: ABORTED, and the rate is given back', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    harness.cipher.wait = () => delay(harness.clock, 100);
    expect((await aborted(harness, { contract: Whispered })).ending).toBe('ABORTED');
    await harness.clock.advance(100);
    expect(harness.producer.taken).toEqual([]);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
  });

  it('while the window is full: ABORTED, and the rate is given back', async () => {
    const harness = new PublishHarness({ maxInFlight: 1 });
    harness.producer.manual = true;
    void harness.publish({ id: 'g' }, { tenant: GLOBEX });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    expect((await aborted(harness)).ending).toBe('ABORTED');
    [...harness.producer.inFlight][0]?.report();
    await harness.clock.advance(1);
    expect(harness.takenIds).toEqual(['globex:g']);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
  });

  it("while the client's queue is full: ABORTED, and the rate is given back", async () => {
    const harness = new PublishHarness();
    harness.kafka.faults.produce = () => 'queue-full';
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    expect((await aborted(harness)).ending).toBe('ABORTED');
    await harness.clock.advance(50);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
  });

  it('after the record was handed over: DELIVERY_UNKNOWN, and the room in the window comes back', async () => {
    const harness = new PublishHarness({ maxInFlight: 1 });
    harness.producer.manual = true;
    expect((await aborted(harness)).ending).toBe('DELIVERY_UNKNOWN');
    const next = harness.ending({ id: 'n2' });
    await harness.clock.advance(1);
    expect(harness.producer.inFlight.size).toBe(1);
    [...harness.producer.inFlight][0]?.report();
    await harness.clock.advance(1);
    [...harness.producer.inFlight][0]?.report();
    expect(await next).toMatchObject({ offset: expect.any(Number) });
  });

  it('is waited for by a thousand publishes with one listener', async () => {
    const harness = new PublishHarness();
    harness.producer.manual = true;
    const abort = new AbortController();
    const listening = vi.spyOn(abort.signal, 'addEventListener');
    const endings = Array.from({ length: 1_000 }, () =>
      harness.ending({ id: 'n' }, { options: { signal: abort.signal } }),
    );
    abort.abort();
    expect(new Set(await Promise.all(endings))).toEqual(new Set(['DELIVERY_UNKNOWN', 'ABORTED']));
    expect(listening).toHaveBeenCalledOnce();
  });

  it('after the answer changes nothing, and leaves no listener behind', async () => {
    const harness = new PublishHarness();
    const abort = new AbortController();
    const listening = vi.spyOn(abort.signal, 'addEventListener');
    const forgetting = vi.spyOn(abort.signal, 'removeEventListener');
    await harness.clock.advanceUntil(harness.publish({ id: 'n' }, { options: { signal: abort.signal } }));
    abort.abort();
    expect(listening).toHaveBeenCalledOnce();
    expect(forgetting).toHaveBeenCalledOnce();
  });
});

describe('stop', () => {
  it(
    'threat 50: settles every one of 5,000 publishes, whatever each of them waits for',
    { timeout: 60_000 },
    async () => {
      const harness = new PublishHarness({ maxInFlight: 500, maxWaitMs: 3_600_000 });
      const stuck = parseTenantId('stuck');
      const limited = parseTenantId('limited');
      harness.limitOf.set(limited, { eventsPerSecond: 10 });
      harness.cipher.wait = (tenantId) => (tenantId === stuck ? never : undefined);
      harness.kafka.faults.produce = ({ key }) => (key?.toString() === 'globex:lost' ? 'never' : undefined);
      harness.kafka.delays.delivery = () => 20;
      const endings = Array.from({ length: 5_000 }, (_, index) => {
        const which = index % 10;
        if (which === 0) return harness.ending({ id: 's' }, { tenant: stuck, contract: Whispered });
        if (which === 1) return harness.ending({ id: 'l' }, { tenant: limited });
        return harness.ending({ id: which === 2 && index < 100 ? 'lost' : 'ok' }, { tenant: GLOBEX });
      });
      const stopping = harness.pipeline.stop(1_000);
      const late = harness.ending({ id: 'late' });
      const unfinished = await harness.clock.advanceUntil(stopping);
      const counts = new Map<string, number>();
      for (const ending of await Promise.all(endings)) {
        const what = typeof ending === 'string' ? ending : 'delivered';
        counts.set(what, (counts.get(what) ?? 0) + 1);
      }
      expect(await late).toBe('NOT_RUNNING');
      expect(counts.get('DELIVERY_UNKNOWN')).toBe(10);
      expect((counts.get('delivered') ?? 0) + (counts.get('NOT_RUNNING') ?? 0)).toBe(4_990);
      expect(counts.get('delivered')).toBeGreaterThan(3_900);
      expect(unfinished).toBe((counts.get('NOT_RUNNING') ?? 0) + 10);
      expect([harness.producer.disconnected, harness.pipeline.unsettled]).toEqual([true, 0]);
      expect(harness.clock.monotonicMs()).toBeLessThanOrEqual(1_100);
      await harness.clock.advance(100_000);
      expect(harness.producer.taken.length).toBe((counts.get('delivered') ?? 0) + 10);
    },
  );

  it('returns as soon as the last one is answered', async () => {
    const harness = new PublishHarness();
    const publish = harness.publish({ id: 'n' });
    expect(await harness.clock.advanceUntil(harness.pipeline.stop(10_000))).toBe(0);
    expect(harness.clock.monotonicMs()).toBeLessThan(10);
    await expect(publish).resolves.toMatchObject({ offset: 0 });
    expect(await harness.ending({ id: 'n' })).toBe('NOT_RUNNING');
    expect(await ended(harness.pipeline.tombstone(ACME, Signed, 's', {}))).toBe('NOT_RUNNING');
  });

  it('also fails a publish whose encoding has not ended', async () => {
    const harness = new PublishHarness({}, { encode: () => new Promise(() => undefined), decode: jsonSerde.decode });
    const ending = harness.ending({ id: 'n' });
    await harness.clock.advanceUntil(harness.pipeline.stop(100));
    expect(await Promise.race([ending, Promise.resolve('pending')])).toBe('NOT_RUNNING');
  });
});

describe('memory', () => {
  it('threat 49: a hundred thousand tenants seen once leave nothing behind', { timeout: 120_000 }, async () => {
    const harness = new PublishHarness();
    harness.producer.manual = true;
    const report = (): void => {
      for (const { report } of [...harness.producer.inFlight]) report();
    };
    for (let index = 0; index < 100_000; index += 1) {
      void harness.publish({ id: 'n' }, { tenant: parseTenantId(`t${index}`) });
      if (index % 500 === 499) report();
    }
    report();
    await harness.clock.advance(0);
    expect(harness.producer.taken).toHaveLength(100_000);
    expect([harness.pipeline.unsettled, harness.pipeline.sendingTenants, harness.clock.pendingTimers]).toEqual([
      0, 0, 0,
    ]);
  });
});
