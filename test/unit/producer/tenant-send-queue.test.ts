// How long, how many and how large publishes may wait, and what becomes of those behind one that fails.
import { describe, expect, it, vi } from 'vitest';
import { deferred } from '../../../src/core/deferred.js';
import { tenantryError } from '../../../src/core/errors.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import type { ValueSerde } from '../../../src/serde/value-serde.js';
import { ACME, GLOBEX, Noted, Signed, Whispered } from '../../support/contracts.js';
import { PublishHarness, type Ending, type PublishCall } from '../../support/publish-harness.js';

const never = new Promise<never>(() => undefined);

function many(harness: PublishHarness, count: number, call: PublishCall = {}): Promise<Ending[]> {
  return Promise.all(Array.from({ length: count }, () => harness.ending({ id: 'n' }, call)));
}

describe('publishes that wait for what fails', () => {
  it('fail with the metadata of their topic at once, those of another topic pass', async () => {
    const harness = new PublishHarness();
    let asked = 0;
    harness.producer.partitionCount = (topic) => {
      if (topic !== 'notes') return 1;
      asked += 1;
      return new Promise((_resolve, reject) => {
        harness.clock.setTimer(10_000, () => {
          reject(tenantryError('BROKER_UNREACHABLE', 'away'));
        });
      });
    };
    const endings = many(harness, 5_000);
    const paced = many(harness, 10, { pacing: 'paced' });
    const other = harness.ending({ id: 's' }, { contract: Signed });
    await harness.clock.advance(10_002);
    expect(new Set([...(await endings), ...(await paced)])).toEqual(new Set(['BROKER_UNREACHABLE']));
    expect(await other).toMatchObject({ topic: 'states' });
    expect(asked).toBe(1);
    expect([harness.pipeline.unsettled, harness.clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each([
    ['KEY_SERVICE_AWAY', tenantryError('KEY_SERVICE_AWAY', 'away')],
    ['KEY_REFUSED', tenantryError('KEY_REFUSED', 'no', { refused: 'key' })],
    ['KEY_GONE', tenantryError('KEY_GONE', 'gone')],
    ['KEY_NOT_CONFIGURED', tenantryError('KEY_NOT_CONFIGURED', 'none')],
  ])('%s: fail at once where they need a key, and the others pass', async (code, error) => {
    const harness = new PublishHarness();
    harness.cipher.wait = () =>
      new Promise((_resolve, reject) => {
        harness.clock.setTimer(10_000, () => {
          reject(error);
        });
      });
    const sealed = many(harness, 5_000, { contract: Whispered });
    const plain = many(harness, 5);
    await harness.clock.advance(10_002);
    expect(new Set(await sealed)).toEqual(new Set([code]));
    expect((await plain).every((ending) => typeof ending === 'object')).toBe(true);
    expect(harness.cipher.calls).toBe(1);
  });

  it('do not fail with an error that concerns one record only', async () => {
    const harness = new PublishHarness();
    let calls = 0;
    harness.cipher.wait = () => {
      calls += 1;
      return calls > 1 ? undefined : Promise.reject(tenantryError('KEY_REFUSED', 'no', { refused: 'data-key' }));
    };
    const [first, second] = await harness.clock.advanceUntil(many(harness, 2, { contract: Whispered }));
    expect([first, second]).toEqual(['KEY_REFUSED', expect.objectContaining({ offset: 0 })]);
  });
});

describe('a publish waits no longer than', () => {
  it.each([
    [
      'maxQueueMs for metadata',
      'BROKER_UNREACHABLE',
      (harness: PublishHarness) => {
        harness.producer.partitionCount = () => never;
      },
    ],
    [
      'maxQueueMs for a key',
      'KEY_SERVICE_AWAY',
      (harness: PublishHarness) => {
        harness.cipher.wait = () => never;
      },
    ],
    [
      'maxQueueMs for the window',
      'PUBLISH_QUEUE_FULL',
      (harness: PublishHarness) => {
        harness.producer.manual = true;
        void harness.ending({ id: 'n' }, { contract: Whispered });
      },
    ],
    [
      "maxQueueMs for the client's queue",
      'PUBLISH_QUEUE_FULL',
      (harness: PublishHarness) => {
        harness.kafka.faults.produce = () => 'queue-full';
      },
    ],
  ])('%s: %s', async (_what, code, stick) => {
    const harness = new PublishHarness({ maxInFlight: 1, maxQueueMs: 5_000 });
    stick(harness);
    const first = many(harness, 100, { contract: Whispered });
    await harness.clock.advance(2_000);
    const second = many(harness, 100, { contract: Whispered });
    const timers = harness.clock.pendingTimers;
    expect(timers).toBeLessThanOrEqual(2);
    await harness.clock.advance(3_000);
    expect(new Set(await first)).toEqual(new Set([code]));
    expect(await Promise.race([second, Promise.resolve('waits')])).toBe('waits');
    await harness.clock.advance(2_000);
    expect(new Set(await second)).toEqual(new Set([code]));
  });

  it('maxWaitMs for the limit, also behind a paced one', async () => {
    const harness = new PublishHarness({ maxWaitMs: 2_500 });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    const paced = many(harness, 20, { pacing: 'paced' });
    const single = harness.publish({ id: 'n' }).catch((error: unknown) => error);
    await harness.clock.advance(2_500);
    expect(await single).toMatchObject({ code: 'RATE_LIMITED', tenantId: ACME, retryAfterMs: 500 });
    await harness.clock.advance(20_000);
    expect((await paced).every((ending) => typeof ending === 'object')).toBe(true);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  it('maxQueueMs where that is the shorter one', async () => {
    const harness = new PublishHarness({ maxWaitMs: 60_000, maxQueueMs: 1_500 });
    harness.limitOf.set(ACME, { eventsPerSecond: 0.1 });
    const endings = many(harness, 3);
    await harness.clock.advance(1_500);
    expect(await endings).toEqual([expect.objectContaining({ offset: 0 }), 'RATE_LIMITED', 'RATE_LIMITED']);
  });
});

describe('paced publishes', () => {
  it('do not count against how many single ones may wait', async () => {
    const harness = new PublishHarness({ maxWaiting: 3, maxWaitMs: 100_000 });
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    void many(harness, 50, { pacing: 'paced' });
    const endings = await harness.clock.advanceUntil(many(harness, 4));
    expect(endings.filter((ending) => ending === 'PUBLISH_QUEUE_FULL')).toHaveLength(1);
    expect(endings.filter((ending) => typeof ending === 'object')).toHaveLength(3);
  });
});

describe('a first publish that is aborted', () => {
  it.each([
    [
      'key',
      (harness: PublishHarness) => {
        let calls = 0;
        harness.cipher.wait = () => ((calls += 1) === 1 ? never : undefined);
      },
    ],
    [
      'metadata',
      (harness: PublishHarness) => {
        let calls = 0;
        harness.producer.partitionCount = () => ((calls += 1) === 1 ? never : 1);
      },
    ],
    [
      'limit',
      (harness: PublishHarness) => {
        harness.limitOf.set(ACME, { bytesPerSecond: 500 });
        harness.limiter.charge(ACME, { bytes: 200 });
      },
    ],
  ])('frees the queue at once (%s)', async (_what, stick) => {
    const harness = new PublishHarness();
    stick(harness);
    const abort = new AbortController();
    const large = { id: 'n', note: 'x'.repeat(400) };
    const first = harness.ending(large, { contract: Whispered, options: { signal: abort.signal } });
    const second = harness.ending({ id: 'n' }, { contract: Whispered });
    await harness.clock.advance(0);
    expect(harness.producer.taken).toHaveLength(0);
    abort.abort();
    expect(harness.producer.taken).toHaveLength(1);
    expect(await first).toBe('ABORTED');
    expect(await harness.clock.advanceUntil(second)).toMatchObject({ offset: 0 });
  });
});

describe('the window is shared', () => {
  it('in bytes too: one tenant whose records are stuck, or two, leave room for all others', async () => {
    const harness = new PublishHarness({ maxInFlight: 1_000, maxInFlightBytes: 100_000 });
    harness.kafka.faults.produce = ({ key }) => (key?.toString().startsWith('free') === true ? undefined : 'never');
    for (const tenant of [ACME, GLOBEX]) {
      for (let index = 0; index < 100; index += 1) {
        void harness.ending({ id: 'n', note: 'x'.repeat(2_000) }, { tenant });
      }
    }
    await harness.clock.advance(10);
    const heldBy = (tenant: string): number =>
      [...harness.producer.inFlight].filter(({ record }) => record.key?.toString().startsWith(tenant) === true).length;
    expect(heldBy('acme') * 2_100).toBeLessThan(55_000);
    expect(heldBy('globex')).toBeGreaterThan(0);
    for (let turn = 0; turn < 20; turn += 1) {
      const note = { id: 'n', note: 'x'.repeat(2_000) };
      await harness.clock.advanceUntil(harness.publish(note, { tenant: parseTenantId('free') }), 10);
    }
  });

  it('in records: one gets half, two leave some', async () => {
    const harness = new PublishHarness({ maxInFlight: 100 });
    harness.producer.manual = true;
    const takenBy = (tenant: typeof ACME): number => {
      const before = harness.producer.taken.length;
      void many(harness, 200, { tenant });
      return harness.producer.taken.length - before;
    };
    expect([takenBy(ACME), takenBy(GLOBEX), takenBy(parseTenantId('third'))]).toEqual([50, 25, 13]);
  });
});

describe('the bytes that wait', () => {
  it('are bounded, across tenants and to half of it for one', async () => {
    const harness = new PublishHarness({ maxWaitingBytes: 100_000 });
    harness.cipher.wait = () => never;
    const call = { contract: Whispered };
    const waitingOf = async (tenant: typeof ACME): Promise<number> => {
      const endings = Array.from({ length: 100 }, () =>
        harness.ending({ id: 'n', note: 'x'.repeat(2_000) }, { ...call, tenant }),
      );
      await harness.clock.advance(0);
      const states = await Promise.all(endings.map((ending) => Promise.race([ending, Promise.resolve('waits')])));
      const refused = states.filter((state) => state === 'PUBLISH_QUEUE_FULL').length;
      return states.length - refused;
    };
    const first = await waitingOf(ACME);
    expect(first).toBeGreaterThan(20);
    expect(first).toBeLessThan(25);
    const second = await waitingOf(GLOBEX);
    expect(second).toBeGreaterThan(8);
    expect(second).toBeLessThan(15);
    // A publish that need not wait is not concerned.
    expect(typeof (await harness.clock.advanceUntil(harness.ending({ id: 'n' }, { tenant: parseTenantId('c') })))).toBe(
      'object',
    );
    await harness.clock.advanceUntil(harness.pipeline.stop(10));
    expect(harness.pipeline.unsettled).toBe(0);
  });

  describe('while the serde asks for its schema', () => {
    /** JSON, as from a registry that answers after a second. */
    const asking = (): { harness: PublishHarness; answer: () => void } => {
      const known = deferred<undefined>();
      const encode: ValueSerde['encode'] = (contract, value) =>
        known.promise.then(() => jsonSerde.encode(contract, value));
      const harness = new PublishHarness({ maxWaitingBytes: 100_000 }, { ...jsonSerde, encode });
      return {
        harness,
        answer: () => {
          known.resolve(undefined);
        },
      };
    };
    const large = { id: 'n', note: 'x'.repeat(2_000) };

    it('are bounded by what the data has, and then by what is written', async () => {
      const { harness, answer } = asking();
      harness.limitOf.set(ACME, { eventsPerSecond: 1 });
      const endings = Array.from({ length: 100 }, () => harness.ending(large));
      await harness.clock.advance(0);
      const waiting = harness.pipeline.unsettled;
      expect(waiting).toBeGreaterThan(20);
      expect(waiting).toBeLessThan(25);
      answer();
      await harness.clock.advance(30_000);
      const sent = (await Promise.all(endings)).filter((ending) => typeof ending === 'object');
      expect(sent).toHaveLength(waiting);
      expect(harness.pipeline.unsettled).toBe(0);
      // Nothing is left on the books.
      harness.cipher.wait = () => never;
      const more = Array.from({ length: 100 }, () => harness.ending(large, { contract: Whispered, tenant: GLOBEX }));
      await harness.clock.advance(0);
      expect(harness.pipeline.unsettled).toBeGreaterThan(20);
      await harness.clock.advanceUntil(harness.pipeline.stop(10));
      expect(await Promise.all(more)).toHaveLength(100);
    });

    it('are what is written once that is known, however little the data seemed to have', async () => {
      const { harness, answer } = asking();
      harness.limitOf.set(ACME, { eventsPerSecond: 1 });
      void harness.ending({ id: 'n' }, { pacing: 'paced' });
      const text = '\u0000'.repeat(2_000); // six bytes each in JSON
      for (let index = 0; index < 12; index += 1) void harness.ending({ id: 'n', note: text }, { pacing: 'paced' });
      await harness.clock.advance(0);
      expect(harness.pipeline.isCrowded(ACME)).toBe(false);
      answer();
      await harness.clock.advance(0);
      expect(harness.pipeline.isCrowded(ACME)).toBe(true);
    });
  });

  it('are given back when publishes are sent or fail', async () => {
    const harness = new PublishHarness({ maxWaitingBytes: 10_000, maxQueueMs: 1_000 });
    for (let turn = 0; turn < 20; turn += 1) {
      let stuck = true;
      harness.cipher.wait = () => (stuck ? never : undefined);
      const abort = new AbortController();
      const failing = harness.ending({ id: 'n' }, { contract: Whispered, options: { signal: abort.signal } });
      const waiting = harness.ending({ id: 'n', note: 'x'.repeat(2_000) }, { contract: Noted });
      await harness.clock.advance(turn % 2 === 0 ? 10 : 2_000);
      stuck = false;
      abort.abort();
      await harness.clock.advance(10);
      expect(await failing).toBe(turn % 2 === 0 ? 'ABORTED' : 'KEY_SERVICE_AWAY');
      expect(await waiting).not.toBe('PUBLISH_QUEUE_FULL');
    }
  });
});

describe('a process in which only a publish waits', () => {
  it('lives on until its turn comes, or its time is over', async () => {
    const harness = new PublishHarness();
    harness.limitOf.set(ACME, { eventsPerSecond: 1 });
    const setTimer = vi.spyOn(harness.clock, 'setTimer');
    const first = harness.ending({ id: 'n' });
    await harness.clock.advance(10);
    setTimer.mockClear();
    const second = harness.ending({ id: 'n' });
    // One for its turn, one for its time.
    expect(setTimer.mock.calls.map(([, , options]: readonly unknown[]) => options)).toEqual([
      { keepAlive: true },
      { keepAlive: true },
    ]);
    await harness.clock.advance(5_000);
    expect([typeof (await first), typeof (await second)]).toEqual(['object', 'object']);
    expect(harness.clock.pendingTimers).toBe(0);
  });
});
