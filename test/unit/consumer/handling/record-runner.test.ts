// What handlers may do wrong, and what becomes of their events. A rejection that nobody handles would end the process,
// and fails a test run too.
import { describe, expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../../src/api/consumer.js';
import { delay } from '../../../../src/core/clock.js';
import { deadLetter } from '../../../../src/consumer/handling/handler-verdict.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const trap = (): never => {
  throw new Error('a tenant secret');
};
const hostile = (properties: Record<string, () => unknown>): Error => {
  const error = new Error('a tenant secret');
  for (const [name, get] of Object.entries(properties)) Object.defineProperty(error, name, { get });
  return error;
};
/** Claims to have every property; each of them is such a proxy again, and none can be used for anything. */
const endless = (): object => new Proxy({}, { has: () => true, get: endless, ownKeys: trap, getPrototypeOf: trap });
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const forgedVerdict = (verdict: unknown): Error =>
  Object.assign(new Error('x'), { [Symbol.for('tenantry.verdict')]: true, verdict });

const THROWN: [string, () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['text', () => 'a tenant secret'],
  ['NaN', () => Number.NaN],
  ['a bigint', () => 10n],
  ['a symbol', () => Symbol('a tenant secret')],
  ['a function', () => trap],
  ['a frozen error', () => Object.freeze(new Error('a tenant secret'))],
  ['a frozen object', () => Object.freeze({ secret: 'a tenant secret' })],
  ['an object without a prototype', () => Object.create(null) as unknown],
  ['an error whose name throws', () => hostile({ name: trap })],
  ['an error whose code throws', () => hostile({ code: trap })],
  [
    'an error whose everything throws',
    () => hostile({ stack: trap, name: trap, code: trap, message: trap, cause: trap }),
  ],
  ['an error with text as its code', () => Object.assign(new Error('x'), { code: 'a tenant secret' })],
  ['a proxy whose traps throw', () => new Proxy({}, { has: trap, get: trap, getPrototypeOf: trap })],
  ['a proxy that has everything and shows nothing', () => new Proxy({}, { has: () => true, get: trap })],
  ['a proxy that has everything, without end', endless],
  ['a revoked proxy', revoked],
  ['a verdict without its fields', () => forgedVerdict({ kind: 'dead-letter' })],
  ['a verdict with a wrong time', () => forgedVerdict({ kind: 'retry', afterMs: Symbol('x') })],
  ['a verdict that is none', () => forgedVerdict(undefined)],
];

/** Handles the events of `aggregates`, of acme, and one of globex; `handle` is given the aggregate. */
async function handling(
  harness: ConsumeHarness,
  aggregates: readonly string[],
  handle: (aggregate: string, process: ConsumerProcess) => unknown,
  options: ConsumerOptions = {},
): Promise<ConsumerProcess> {
  const process: ConsumerProcess = await harness.start(
    (consumer) => consumer.on(Noted, (event) => handle(event.aggregateId, process)),
    { options: { retry: { attempts: 2, backoffMs: 1 }, ...options } },
  );
  for (const aggregate of aggregates) harness.kafka.append(eventRecord({ aggregate, eventId: aggregate }));
  harness.kafka.append(eventRecord({ tenant: 'globex', aggregate: 'good', eventId: 'good' }));
  return process;
}

describe('threat 45: a handler that throws', () => {
  it.each(THROWN)('%s: now, later or as a thenable, is tried again and dead-lettered as any other', async (_, make) => {
    const thrown = make();
    const harness = new ConsumeHarness();
    const ways: Record<string, () => unknown> = {
      now: () => {
        throw thrown;
      },
      later: () => Promise.reject(thrown),
      thenable: () => ({
        then: (_resolve: unknown, reject: (reason: unknown) => void) => {
          reject(thrown);
        },
      }),
    };
    const process = await handling(harness, Object.keys(ways), (aggregate) => ways[aggregate]?.());
    await harness.clock.advance(3_000);
    expect(harness.deadLetters).toHaveLength(3);
    expect(new Set(harness.deadLetters.map(({ code }) => code))).toEqual(new Set(['HANDLER_FAILED']));
    expect(process.consumer.counts()).toMatchObject({ handled: 1, failedAttempts: 6, deadLettered: 3 });
    expect(harness.committed()).toBe(4);
    const copies = harness.kafka
      .log(`${GROUP}.notes.dlq`)
      .records.map(({ headers }) => headers.map(({ value }) => value.toString()));
    expect(JSON.stringify([process.logger.entries, copies])).not.toContain('secret');
  });
});

describe('what a handler returns', () => {
  it('holds where it is a verdict that was made and not thrown', async () => {
    const harness = new ConsumeHarness();
    const process = await handling(harness, ['now', 'later'], (aggregate) => {
      if (aggregate === 'now') return deadLetter('no such order');
      return aggregate === 'later' ? Promise.resolve(deadLetter('no such order')) : undefined;
    });
    await harness.clock.advance(3_000);
    expect(harness.deadLetters.map(({ code }) => code)).toEqual(['DEAD_LETTERED', 'DEAD_LETTERED']);
    expect(process.consumer.counts()).toMatchObject({ handled: 1, deadLettered: 2 });
  });

  const refuse = (): never => {
    throw new Error('refused');
  };
  type Resolve = (value?: unknown) => void;
  it.each<[string, () => unknown, 'handled' | 'dead-lettered']>([
    ['a value', () => 5, 'handled'],
    ['a frozen proxy', () => new Proxy(Object.freeze({}), {}), 'handled'],
    ['an object whose `then` is no function', () => ({ then: 'later' }), 'handled'],
    [
      'a thenable that resolves',
      () => ({
        then: (resolve: Resolve) => {
          resolve();
        },
      }),
      'handled',
    ],
    [
      'a thenable that resolves and throws',
      () => ({
        then: (resolve: Resolve) => {
          resolve();
          refuse();
        },
      }),
      'handled',
    ],
    [
      'a thenable that resolves, rejects and resolves',
      () => ({
        then: (resolve: Resolve, reject: Resolve) => {
          resolve();
          reject(new Error('x'));
          resolve();
        },
      }),
      'handled',
    ],
    [
      'a thenable that rejects and resolves',
      () => ({
        then: (resolve: Resolve, reject: Resolve) => {
          reject(new Error('x'));
          resolve();
        },
      }),
      'dead-lettered',
    ],
    ['a thenable that throws', () => ({ then: refuse }), 'dead-lettered'],
    [
      'an object whose `then` throws',
      () => ({
        get then(): never {
          return refuse();
        },
      }),
      'dead-lettered',
    ],
    ['a promise of a thenable that throws', () => Promise.resolve({ then: refuse }), 'dead-lettered'],
    [
      'a promise whose constructor throws',
      () => Object.defineProperty(Promise.resolve(), 'constructor', { get: refuse }),
      'dead-lettered',
    ],
    ['a revoked proxy', revoked, 'dead-lettered'],
  ])('%s: once, as a promise would be', async (_, returned, outcome) => {
    const harness = new ConsumeHarness();
    const process = await handling(harness, ['odd'], (aggregate) => (aggregate === 'odd' ? returned() : undefined));
    await harness.clock.advance(3_000);
    const isHandled = outcome === 'handled';
    expect(process.consumer.counts()).toMatchObject({
      handled: isHandled ? 2 : 1,
      failedAttempts: isHandled ? 0 : 2,
      deadLettered: isHandled ? 0 : 1,
    });
    expect(harness.committed()).toBe(2);
  });

  it('threat 45: a thenable that never settles holds its aggregate and nobody else, as a promise does', async () => {
    const harness = new ConsumeHarness();
    const process = await handling(
      harness,
      ['odd', 'other', 'odd'],
      (aggregate) => (aggregate === 'odd' ? { then: () => undefined } : undefined),
      { handlerTimeoutMs: 1_000, concurrency: 2 },
    );
    await harness.clock.advance(10_000);
    expect(process.consumer.counts()).toMatchObject({ handled: 2, failedAttempts: 0 });
    expect(process.consumer.health().status).toBe('stuck');
    expect(harness.committed()).toBe(0);
  });
});

describe('threat 45: a handler that blocks the event loop beyond the poll interval', () => {
  it('is done once it returns, also long after its time, and then all others go on', async () => {
    const harness = new ConsumeHarness();
    const process = await handling(
      harness,
      ['blocks', 'other'],
      (aggregate, { clock }) => {
        if (aggregate === 'blocks') clock.burn(400_000);
      },
      { handlerTimeoutMs: 1_000, concurrency: 1 },
    );
    await harness.clock.advance(5_000);
    expect(process.consumer.counts()).toMatchObject({ handled: 3, failedAttempts: 0 });
    expect(process.consumer.health().status).toBe('live');
    expect(harness.committed()).toBe(3);
  });

  it('and then throws has failed, and is tried again', async () => {
    const harness = new ConsumeHarness();
    const tries: string[] = [];
    const process = await handling(harness, ['blocks'], (aggregate, { clock }) => {
      tries.push(aggregate);
      if (aggregate !== 'blocks' || tries.length > 1) return;
      clock.burn(400_000);
      throw new Error('at last');
    });
    await harness.clock.advance(5_000);
    expect(tries.filter((aggregate) => aggregate === 'blocks')).toHaveLength(2);
    expect(process.logger.of('handlerFailed')).toMatchObject([{ code: 'HANDLER_FAILED', attempt: 1 }]);
    expect(harness.committed()).toBe(2);
  });

  it('has lost its partitions meanwhile: what it did is not committed, and is done again by who has them now', async () => {
    const harness = new ConsumeHarness();
    const [first, second]: [string[], string[]] = [[], []];
    const process: ConsumerProcess = await harness.start((consumer) =>
      consumer.on(Noted, ({ id }) => {
        first.push(id);
        process.clock.burn(400_000);
        harness.kafka.group(GROUP).lose(process.member, other.member);
      }),
    );
    const other = await harness.start((consumer) => consumer.on(Noted, ({ id }) => second.push(id)));
    harness.kafka.append(eventRecord({ eventId: 'good' }));
    await harness.clock.advance(5_000);
    expect([first, second]).toEqual([['good'], ['good']]);
    expect(harness.committed()).toBe(1);
  });
});

describe('threat 46: a handler that ignores its signal', () => {
  it('is let be at the end of a stop, and so is what it does later', async () => {
    const harness = new ConsumeHarness();
    let end = 0;
    const tooLate = async (aggregate: string): Promise<void> => {
      if (aggregate !== 'deaf') return;
      await delay(harness.clock, 60_000);
      end += 1;
      throw new Error('too late');
    };
    const process = await handling(harness, ['deaf'], tooLate, { retry: { attempts: 1 } });
    await harness.clock.advance(200);
    const report = await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 3_000 }));
    expect(report).toEqual({ timedOut: true, unfinished: 1, uncommitted: 0 });
    await harness.clock.advance(120_000);
    expect(end).toBe(1);
    expect(harness.deadLetters).toEqual([]);
    expect(harness.committed()).toBe(0);
    const again: string[] = [];
    await harness.start((consumer) => consumer.on(Noted, ({ aggregateId }) => again.push(aggregateId)));
    await harness.clock.advance(500);
    expect(again).toEqual(['deaf']);
  });
});
