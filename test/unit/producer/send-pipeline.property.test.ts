// Random schedules against the pipeline: order per key, the bounds of the window, one answer for each publish.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { tenantryError } from '../../../src/core/errors.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { Noted, Whispered } from '../../support/contracts.js';
import { PublishHarness, type Ending } from '../../support/publish-harness.js';

const TENANTS = ['acme', 'globex', 'initech'].map((id) => parseTenantId(id));

const publish = fc.record({
  do: fc.constant('publish' as const),
  tenant: fc.nat(2),
  key: fc.nat(1),
  size: fc.constantFrom(0, 0, 0, 300, 900),
  sealed: fc.boolean(),
  abortAfterMs: fc.option(fc.constantFrom(0, 3, 20, 500), { freq: 5, nil: undefined }),
});
const step = fc.oneof(
  { weight: 12, arbitrary: publish },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 5, 30, 400) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fillClientQueue' as const), times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('failDeliveries' as const), times: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** What each call of a kind does, in turn: 0 is at once, more is after so many milliseconds, -1 fails after two. */
const delays = (...values: number[]): fc.Arbitrary<number[]> =>
  fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 8 });

const scenario = fc.record({
  maxInFlight: fc.integer({ min: 1, max: 6 }),
  maxInFlightBytes: fc.constantFrom(1_500, 1_000_000),
  maxWaiting: fc.constantFrom(3, 1_000),
  limited: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  metadata: delays(0, 0, 0, 4, 40),
  seals: delays(0, 0, 3, 60, -1),
  deliveries: delays(1, 2, 10, 100),
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
});

function inTurn(values: readonly number[]): () => number {
  let at = 0;
  return () => values[at++ % values.length] ?? 0;
}

it('keeps the order of a key, its bounds and every promise, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { maxInFlight, maxInFlightBytes, maxWaiting } = given;
      const harness = new PublishHarness({ maxInFlight, maxInFlightBytes, maxWaiting });
      const { clock, kafka, producer, cipher, limitOf, pipeline } = harness;
      const [metadata, seals, deliveries] = [given.metadata, given.seals, given.deliveries].map(inTurn);
      let fullTimes = 0;
      let failTimes = 0;
      kafka.delays.metadata = () => {
        const ms = metadata?.() ?? 0;
        return ms === 0 ? undefined : ms;
      };
      kafka.delays.delivery = () => deliveries?.() ?? 1;
      kafka.faults.produce = () => {
        if (fullTimes > 0) {
          fullTimes -= 1;
          return 'queue-full';
        }
        if (failTimes === 0) return undefined;
        failTimes -= 1;
        return { kind: 'failed', reason: 'Broker: Not enough in-sync replicas' };
      };
      cipher.wait = () => {
        const ms = seals?.() ?? 0;
        if (ms === 0) return undefined;
        return delay(clock, Math.abs(ms)).then(() => {
          if (ms < 0) throw tenantryError('KEY_SERVICE_AWAY', 'away');
        });
      };
      given.limited.forEach((limited, at) => {
        if (limited) limitOf.set(TENANTS[at]!, { eventsPerSecond: 5 });
      });

      const endings: (Ending | undefined)[] = [];
      const numbers = new Map<string, number[]>();
      for (const action of given.steps) {
        if (action.do === 'advance') await clock.advance(action.ms);
        else if (action.do === 'fillClientQueue') fullTimes += action.times;
        else if (action.do === 'failDeliveries') failTimes += action.times;
        else {
          const index = endings.push(undefined) - 1;
          const abort = new AbortController();
          const tenant = TENANTS[action.tenant]!;
          const data = { id: `k${action.key}`, note: 'x'.repeat(action.size) };
          const options = { eventId: String(index), signal: abort.signal };
          void harness
            .ending(data, { tenant, contract: action.sealed ? Whispered : Noted, options })
            .then((ending) => (endings[index] = ending));
          if (action.abortAfterMs !== undefined)
            clock.setTimer(action.abortAfterMs, () => {
              abort.abort();
            });
          const key = `${tenant}:k${action.key}`;
          numbers.set(key, [...(numbers.get(key) ?? []), index]);
        }
      }
      await clock.advance(120_000);

      expect(endings.filter((ending) => ending === undefined)).toEqual([]);
      expect(pipeline.unsettled).toBe(0);
      expect(producer.inFlight.size).toBe(0);
      expect(producer.mostInFlight).toBeLessThanOrEqual(maxInFlight);
      expect(producer.mostBytesInFlight).toBeLessThanOrEqual(maxInFlightBytes);
      const takenIds = producer.taken.map(({ headers }) => Number(headers[2]?.value.toString()));
      expect(new Set(takenIds).size).toBe(takenIds.length);
      for (const [key, published] of numbers) {
        const taken = takenIds.filter((id) => published.includes(id));
        expect(taken, key).toEqual([...taken].sort((a, b) => a - b));
      }
      // What was acknowledged was handed over; what was never handed over failed with a reason of ours.
      endings.forEach((ending, index) => {
        if (typeof ending === 'object') expect(takenIds).toContain(index);
        else if (!takenIds.includes(index))
          expect(['ABORTED', 'RATE_LIMITED', 'PUBLISH_QUEUE_FULL', 'KEY_SERVICE_AWAY']).toContain(ending);
        else expect(['PUBLISH_FAILED', 'DELIVERY_UNKNOWN']).toContain(ending);
      });
      // Nothing is left behind that would hold a later publish.
      kafka.faults.produce = () => undefined;
      for (const tenant of TENANTS) {
        limitOf.delete(tenant);
        kafka.delays.metadata = () => undefined;
        cipher.wait = () => undefined;
        const last = harness.ending({ id: 'last' }, { tenant });
        await clock.advance(200);
        expect(typeof (await last)).toBe('object');
      }
      expect(clock.pendingTimers).toBe(0);
    }),
    { numRuns: 200 },
  );
}, 60_000);
