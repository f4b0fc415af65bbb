import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../src/consumer/handling/delivery.js';
import { FairScheduler, MAX_OVERDUE, type SchedulerLimits } from '../../../../src/consumer/handling/fair-scheduler.js';
import { PartitionLedger } from '../../../../src/consumer/ledger/ledger.js';
import { PartitionSession } from '../../../../src/consumer/ledger/partition-session.js';
import { parseTenantId } from '../../../../src/core/tenant-id.js';
import { receivedRecord } from '../../../support/records.js';

const NOTES = { logicalTopic: 'notes', isDeadLetters: false };

const session = new PartitionSession(
  { topic: 'notes', partition: 0 },
  NOTES,
  new PartitionLedger(0),
  Buffer.alloc(8),
  undefined,
);
let nowMs = 0;
const clock = { monotonicMs: (): number => nowMs };
let made = 0;

function delivery(tenant: string, lane = 'k'): Delivery {
  return {
    session,
    record: receivedRecord({ tenant, offset: made++ }),
    owner: parseTenantId(tenant),
    payer: parseTenantId(tenant),
    lane,
    guarded: { violation: 'TENANT_MISMATCH' },
    replay: false,
    origin: undefined,
    copy: undefined,
    heldBytes: 1,
    attempts: 0,
  };
}

const many = (tenant: string, count: number): Delivery[] =>
  Array.from({ length: count }, (_, index) => delivery(tenant, `k${index}`));

function scheduler(limits: Partial<SchedulerLimits> = {}, ...queued: Delivery[]): FairScheduler {
  const made = new FairScheduler({ concurrency: 64, payerConcurrency: 64, ...limits }, { clock, weightOf: () => 1 });
  for (const one of queued) made.enqueue(one);
  return made;
}

function drain(from: FairScheduler): Delivery[] {
  const all: Delivery[] = [];
  for (let next = from.next(); next !== undefined; next = from.next()) all.push(next);
  return all;
}

/** How many records each of three payers, who always have more, gets handled in 20 s beside others who seldom have one. */
function handledInTime(handlerMs: Readonly<Record<string, number>>): Record<'a' | 'b' | 'c', number> {
  const handled: Partial<Record<string, number>> = { a: 0, b: 0, c: 0 };
  const startMs = nowMs;
  const schedule = scheduler({ concurrency: 16, payerConcurrency: 14 });
  const due: { readonly atMs: number; readonly act: () => void }[] = [];
  const start = (): void => {
    for (let one = schedule.next(); one !== undefined; one = schedule.next()) {
      const running = one;
      const { payer } = running;
      const ms = handlerMs[payer] ?? 10;
      due.push({
        atMs: nowMs + ms + (due.length % 3),
        act: () => {
          schedule.settle(running);
          const count = handled[payer];
          if (count === undefined) return;
          handled[payer] = count + 1;
          schedule.enqueue(delivery(payer, `k${made}`));
        },
      });
    }
  };
  for (const busy of ['a', 'b', 'c']) for (const one of many(busy, 100)) schedule.enqueue(one);
  start();
  for (let arrival = 0; arrival < 4_000; arrival += 1) {
    const arrivalMs = startMs + arrival * 5;
    for (;;) {
      due.sort((one, other) => one.atMs - other.atMs);
      if ((due[0]?.atMs ?? arrivalMs) >= arrivalMs) break;
      nowMs = due[0]?.atMs ?? nowMs;
      due.shift()?.act();
      start();
    }
    nowMs = arrivalMs;
    schedule.enqueue(delivery(`seldom-${arrival % 20}`, `k${arrival}`));
    start();
  }
  return { a: handled['a'] ?? 0, b: handled['b'] ?? 0, c: handled['c'] ?? 0 };
}

describe('the scheduler', () => {
  it('runs one record of a lane at a time, in order', () => {
    const [first, second] = [delivery('acme'), delivery('acme')];
    const schedule = scheduler({}, first, second);
    expect(drain(schedule)).toEqual([first]);
    schedule.settle(first);
    expect(drain(schedule)).toEqual([second]);
    schedule.settle(second);
    expect([schedule.held, schedule.running, schedule.next()]).toEqual([0, 0, undefined]);
  });

  it('gives payers turns, a record each', () => {
    const [noisy, quiet, calm] = [many('noisy', 100), many('quiet', 2), many('calm', 1)];
    const schedule = scheduler({}, ...noisy, ...quiet, ...calm);
    expect(drain(schedule).slice(0, 6)).toEqual([noisy[0], quiet[0], calm[0], noisy[1], quiet[1], noisy[2]]);
  });

  it('runs at most so many at once, and of one payer', () => {
    const schedule = scheduler({ concurrency: 5, payerConcurrency: 3 }, ...many('acme', 10));
    expect(drain(schedule)).toHaveLength(3);
    for (const one of many('globex', 10)) schedule.enqueue(one);
    expect(drain(schedule).map(({ payer }) => payer)).toEqual(['globex']);
    for (const one of many('initech', 10)) schedule.enqueue(one);
    // The last slot is only for a payer with nothing running.
    expect(drain(schedule).map(({ payer }) => payer)).toEqual(['initech']);
    expect(schedule.running).toBe(5);
  });

  it('gives handler time by weight, also to those whose handlers are slow', () => {
    const weights: Record<string, number> = { heavy: 3, light: 1, tiny: 0.01 };
    const schedule = new FairScheduler(
      { concurrency: 1, payerConcurrency: 1 },
      { clock, weightOf: (payer) => weights[payer] ?? 1 },
    );
    for (const one of [...many('heavy', 800), ...many('light', 800), ...many('tiny', 800)]) schedule.enqueue(one);
    const millis: Record<string, number> = { heavy: 0, light: 0, tiny: 0 };
    const costs: Record<string, number> = { heavy: 2, light: 50, tiny: 1 };
    for (let turn = 0; turn < 400; turn += 1) {
      const one = schedule.next();
      if (one === undefined) throw new Error('nobody runs');
      const costMs = costs[one.payer] ?? 0;
      nowMs += costMs;
      millis[one.payer] = (millis[one.payer] ?? 0) + costMs;
      schedule.settle(one);
    }
    const { heavy = 0, light = 0, tiny = 0 } = millis;
    expect(heavy / light).toBeGreaterThan(2);
    expect(heavy / light).toBeLessThan(4);
    expect(tiny).toBeGreaterThan(0);
  });

  it("charges what runs as it runs: slow handlers in all other slots delay nobody's first record", () => {
    const schedule = scheduler({ concurrency: 10, payerConcurrency: 9 }, ...many('slow', 100));
    expect(drain(schedule)).toHaveLength(9);
    nowMs += 5_000;
    const quick = many('quick', 3);
    for (const one of quick) schedule.enqueue(one);
    for (const one of quick) {
      expect(schedule.next()).toBe(one);
      expect(schedule.next()).toBeUndefined();
      schedule.settle(one);
    }
  });

  it('has slow handlers of one payer cost other busy ones nothing of their share', () => {
    const quick = handledInTime({ a: 10, b: 10, c: 10 });
    const slow = handledInTime({ a: 10, b: 10, c: 1_000 });
    for (const payer of ['a', 'b'] as const) expect(slow[payer] / quick[payer]).toBeGreaterThan(0.95);
    expect(slow.c).toBeGreaterThan(10);
  });

  it.each([
    ['all slots', { concurrency: 1, payerConcurrency: 1 }, false],
    ['only a reserved slot', { concurrency: 2, payerConcurrency: 1 }, true],
  ])(
    'lets who has used its credit up run too, beside ones that come again and again: %s',
    (_what, limits, isFlooded) => {
      const schedule = scheduler(limits);
      if (isFlooded) {
        schedule.enqueue(delivery('flood'));
        schedule.next();
      }
      for (const one of many('slow', 2)) schedule.enqueue(one);
      const first = schedule.next();
      if (first === undefined) throw new Error('nobody runs');
      nowMs += 50;
      schedule.settle(first);
      let turns = 0;
      schedule.enqueue(delivery('again-0'));
      for (
        let one = schedule.next();
        one !== undefined && one.payer !== 'slow' && turns < 1_000;
        one = schedule.next()
      ) {
        turns += 1;
        nowMs += 5;
        schedule.enqueue(delivery(`again-${turns % 3}`, `k${turns}`));
        schedule.settle(one);
      }
      expect(turns).toBeLessThan(200);
    },
  );

  it('starts nothing more of a payer whose handlers never settle, beyond a bound', () => {
    const schedule = scheduler({ concurrency: 2, payerConcurrency: 1 }, ...many('hangs', 200));
    let started = 0;
    for (let one = schedule.next(); one !== undefined; one = schedule.next()) {
      started += 1;
      schedule.overrun(one);
    }
    expect(started).toBe(MAX_OVERDUE);
    schedule.enqueue(delivery('other'));
    expect(schedule.next()?.payer).toBe('other');
  });

  it('holds a record before it runs again: its slot is free, its lane is not', () => {
    const [first, second, other] = [delivery('acme'), delivery('acme'), delivery('acme', 'other')];
    const schedule = scheduler({ concurrency: 1, payerConcurrency: 1 }, first, second, other);
    expect(drain(schedule)).toEqual([first]);
    schedule.hold(first);
    expect(drain(schedule)).toEqual([other]);
    schedule.settle(other);
    expect(schedule.next()).toBeUndefined();
    schedule.release(first);
    schedule.release(first);
    expect(drain(schedule)).toEqual([first]);
    schedule.settle(first);
    expect(drain(schedule)).toEqual([second]);
  });

  it('gives the slot of an overdue record away, and neither its lane nor itself', () => {
    const [hangs, behind, other] = [delivery('acme'), delivery('acme'), delivery('acme', 'other')];
    const schedule = scheduler({ concurrency: 1, payerConcurrency: 1 }, hangs, behind, other);
    drain(schedule);
    schedule.overrun(hangs);
    schedule.overrun(hangs);
    schedule.release(hangs);
    expect([schedule.running, drain(schedule)]).toEqual([0, [other]]);
    expect(schedule.drop(() => true)).toEqual([behind]);
    schedule.settle(other);
    schedule.settle(hangs);
    expect([schedule.held, schedule.running]).toEqual([0, 0]);
  });

  it('drops very many records of one key', () => {
    const one = delivery('acme');
    const schedule = scheduler({}, one);
    for (let more = 0; more < 500_000; more += 1) schedule.enqueue({ ...one });
    expect(schedule.next()).toBe(one);
    expect([schedule.drop(() => true).length, schedule.held]).toEqual([500_000, 1]);
  });

  it('drops what waits and what is held, and not what runs', () => {
    const [running, behind, held, waiting] = [
      delivery('acme', 'a'),
      delivery('acme', 'a'),
      delivery('acme', 'b'),
      delivery('globex', 'c'),
    ];
    const schedule = scheduler({ concurrency: 2, payerConcurrency: 2 }, running, behind, held);
    drain(schedule);
    schedule.hold(held);
    schedule.enqueue(waiting);
    expect(new Set(schedule.drop(() => true))).toEqual(new Set([behind, held, waiting]));
    schedule.release(held);
    schedule.settle(held);
    expect([schedule.held, schedule.running, schedule.next()]).toEqual([1, 1, undefined]);
    schedule.settle(running);
    expect([schedule.held, schedule.running]).toEqual([0, 0]);
  });

  it('does as a plain model would, whatever the order of calls', () => {
    const act = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('enqueue' as const), payer: fc.nat(2), lane: fc.nat(2) }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('next' as const) }) },
      {
        weight: 8,
        arbitrary: fc.record({
          do: fc.constantFrom('settle' as const, 'hold', 'release', 'overrun'),
          pick: fc.nat(20),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), payer: fc.nat(2) }) },
    );
    const limits = fc.record({
      concurrency: fc.integer({ min: 1, max: 4 }),
      payerConcurrency: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(limits, fc.array(act, { maxLength: 120 }), (bounds, acts) => {
        const schedule = scheduler(bounds);
        interface Entry {
          one: Delivery;
          state: 'waits' | 'runs' | 'overdue' | 'held';
        }
        const lanes = new Map<string, Entry[]>();
        const entries = (): Entry[] => [...lanes.values()].flat();
        const running = (payer?: string): number =>
          entries().filter(({ one, state }) => state === 'runs' && (payer === undefined || one.payer === payer)).length;
        const reserved = bounds.payerConcurrency < bounds.concurrency ? 1 : 0;
        const most = (): number => {
          const free = bounds.concurrency - running();
          return free <= reserved ? Math.min(free, 1) : bounds.payerConcurrency;
        };
        const mayRun = (): Delivery[] =>
          [...lanes.values()].flatMap(([head]) =>
            head?.state === 'waits' && running(head.one.payer) < most() ? [head.one] : [],
          );
        const headOf = (pick: number): Entry | undefined => {
          const heads = [...lanes.values()].flatMap(([head]) => head ?? []);
          return heads[pick % Math.max(1, heads.length)];
        };
        for (const given of acts) {
          switch (given.do) {
            case 'enqueue': {
              const payer = `t${given.payer}`;
              const one = delivery(payer, `k${given.lane}`);
              schedule.enqueue(one);
              const key = `${payer} ${one.lane}`;
              lanes.set(key, [...(lanes.get(key) ?? []), { one, state: 'waits' }]);
              break;
            }
            case 'next': {
              const possible = mayRun();
              const one = schedule.next();
              if (possible.length === 0) expect(one).toBeUndefined();
              else expect(possible).toContain(one);
              const entry = entries().find((candidate) => candidate.one === one);
              if (entry !== undefined) entry.state = 'runs';
              break;
            }
            case 'drop': {
              const payer = `t${given.payer}`;
              const dropped = schedule.drop((one) => one.payer === payer);
              const runs = ({ state }: Entry): boolean => state === 'runs' || state === 'overdue';
              const expected = entries().filter((entry) => entry.one.payer === payer && !runs(entry));
              expect(new Set(dropped)).toEqual(new Set(expected.map(({ one }) => one)));
              for (const [key, lane] of lanes)
                lanes.set(
                  key,
                  lane.filter((entry) => !expected.includes(entry)),
                );
              break;
            }
            default: {
              const head = headOf(given.pick);
              if (head === undefined) break;
              const { state } = head;
              if (given.do === 'settle' && state !== 'waits') {
                schedule.settle(head.one);
                for (const [key, lane] of lanes)
                  lanes.set(
                    key,
                    lane.filter((entry) => entry !== head),
                  );
              } else if (given.do === 'hold' && (state === 'runs' || state === 'overdue')) {
                schedule.hold(head.one);
                head.state = 'held';
              } else if (given.do === 'release') {
                schedule.release(head.one);
                if (state === 'held') head.state = 'waits';
              } else if (given.do === 'overrun') {
                schedule.overrun(head.one);
                if (state === 'runs') head.state = 'overdue';
              }
            }
          }
          expect(schedule.running).toBe(running());
          expect(schedule.held).toBe(entries().length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
