import { describe, expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../../src/api/consumer.js';
import type { HandlerContext, HandlerOptions } from '../../../../src/api/handler.js';
import { handlerPolicy } from '../../../../src/consumer/handling/handler-policy.js';
import { deadLetter, retryAfter } from '../../../../src/consumer/handling/handler-verdict.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import { delay } from '../../../../src/core/clock.js';
import { tenantryError } from '../../../../src/core/errors.js';
import { isRetryable } from '../../../../src/core/retryability.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const Renoted = defineEvent({
  type: 'notes.renoted',
  version: 1,
  topic: 'notes',
  schema: Noted.schema,
  aggregateId: ({ id }) => id,
  protection: 'none',
});
const never = new Promise<void>(() => undefined);
const ignore = (): void => undefined;

describe('the options of a handler', () => {
  const consumers = {
    retry: { attempts: 5, backoffMs: 200, maxBackoffMs: 30_000, isRetryable },
    timeoutMs: 30_000,
  };
  const compiled = (options: HandlerOptions): unknown => handlerPolicy('handler', options, consumers);

  it('take the place of the consumer’s, each by itself', () => {
    const mine = (): boolean => false;
    expect(compiled({})).toEqual(consumers);
    expect(compiled({ timeoutMs: undefined, retry: { attempts: undefined } })).toEqual(consumers);
    expect(compiled({ timeoutMs: 5 })).toEqual({ ...consumers, timeoutMs: 5 });
    expect(compiled({ retry: { attempts: 1, isRetryable: mine } })).toEqual({
      ...consumers,
      retry: { ...consumers.retry, attempts: 1, isRetryable: mine },
    });
    expect(compiled({ retry: { backoffMs: 7, maxBackoffMs: 8 } })).toEqual({
      ...consumers,
      retry: { ...consumers.retry, backoffMs: 7, maxBackoffMs: 8 },
    });
  });

  it('that are wrong are all listed, and the handler is not registered', () => {
    const { consumer } = new ConsumerProcess(new ConsumeHarness().kafka);
    const wrong = {
      timeoutMs: 0,
      retry: { attempts: 0, backoffMs: 1.5, maxBackoffMs: '5', isRetryable: true, tries: 3 },
      handlerTimeoutMs: 5,
    };
    const listed = (options: unknown): unknown => {
      try {
        consumer.on(Noted, ignore, options as HandlerOptions);
        return 'taken';
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
        expect((error as Error).message).toContain('handler of notes.noted.v1');
        return (error as { problems: { path: string }[] }).problems.map(({ path }) => path).sort();
      }
    };
    expect(listed(wrong)).toEqual([
      'handlerTimeoutMs',
      'retry.attempts',
      'retry.backoffMs',
      'retry.isRetryable',
      'retry.maxBackoffMs',
      'retry.tries',
      'timeoutMs',
    ]);
    for (const none of [null, 5, 'x', []]) expect(listed(none)).toEqual(['(root)']);
    expect(listed({})).toBe('taken');
  });
});

interface Tries {
  readonly process: ConsumerProcess;
  /** When each try of an event began, in milliseconds. */
  readonly times: Record<string, number[]>;
}

/** Handles an event of `Noted` with these options and one of `Renoted` without any; both throw what they are told. */
async function failing(
  harness: ConsumeHarness,
  thrown: () => unknown,
  own: HandlerOptions,
  consumers: ConsumerOptions = {},
): Promise<Tries> {
  const times: Record<string, number[]> = {};
  const handle = (event: { id: string }): never => {
    (times[event.id] ??= []).push(harness.clock.monotonicMs());
    throw thrown();
  };
  harness.kafka.append(eventRecord({ eventId: 'own', aggregate: 'n1' }));
  harness.kafka.append(eventRecord({ eventId: 'other', aggregate: 'n2', eventType: Renoted.eventType }));
  const process = await harness.start((consumer) => consumer.on(Noted, handle, own).on(Renoted, handle), {
    options: consumers,
  });
  return { process, times };
}

class Passing extends Error {}

describe('a handler with its own retries', () => {
  it('is tried as often and as soon as it says, and others as the consumer says', async () => {
    const harness = new ConsumeHarness();
    const { times } = await failing(
      harness,
      () => new Error('x'),
      { retry: { attempts: 4, backoffMs: 4_000, maxBackoffMs: 6_000 } },
      { retry: { attempts: 2, backoffMs: 10 } },
    );
    await harness.clock.advance(60_000);
    expect([times['own']?.length, times['other']?.length]).toEqual([4, 2]);
    const pauses = (times['own'] ?? []).map((at, index, all) => at - (all[index - 1] ?? at)).slice(1);
    for (const [index, most] of [4_000, 6_000, 6_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(most / 2);
      expect(pauses[index]).toBeLessThanOrEqual(most);
    }
    expect(harness.deadLetters).toEqual([
      { id: 'other', code: 'HANDLER_FAILED' },
      { id: 'own', code: 'HANDLER_FAILED' },
    ]);
    expect(harness.committed()).toBe(2);
  });

  it('sends what is not worth another try to the dead letters at once', async () => {
    const harness = new ConsumeHarness();
    const errors = [new Passing(), new Passing(), new TypeError('x')];
    const thrown = (): unknown => errors.shift() ?? new TypeError('x');
    const { process, times } = await failing(
      harness,
      thrown,
      { retry: { isRetryable: (error) => error instanceof Passing, backoffMs: 1 } },
      { retry: { attempts: 3, backoffMs: 1 } },
    );
    await harness.clock.advance(10_000);
    expect(times['own']?.length).toBe(2);
    expect(times['other']?.length).toBe(3);
    expect(harness.deadLetters).toHaveLength(2);
    expect(process.consumer.counts()).toMatchObject({ failedAttempts: 5, deadLettered: 2 });
    expect(process.logger.of('deadLettered')).toMatchObject([{ attempts: 2 }, { attempts: 3 }]);
  });

  it('may say for a whole consumer what is worth it, for instance by the library’s own errors', async () => {
    const harness = new ConsumeHarness();
    const { times } = await failing(
      harness,
      () => tenantryError('INVALID_TENANT_ID', 'x'),
      { retry: { attempts: 2, backoffMs: 1, isRetryable: () => true } },
      { retry: { isRetryable } },
    );
    await harness.clock.advance(10_000);
    expect([times['own']?.length, times['other']?.length]).toEqual([2, 1]);
  });

  it('is not asked where the handler said itself what to do', async () => {
    const harness = new ConsumeHarness();
    const errors = [retryAfter(5), retryAfter(5), deadLetter('no'), deadLetter('no')];
    const { times } = await failing(harness, () => errors.shift(), {}, { retry: { isRetryable: () => false } });
    await harness.clock.advance(10_000);
    expect([times['own']?.length, times['other']?.length]).toEqual([2, 2]);
    expect(harness.deadLetters.map(({ code }) => code)).toEqual(['DEAD_LETTERED', 'DEAD_LETTERED']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('a tenant secret');
      },
    ],
    ['answers nothing', () => undefined],
    ['is async', () => Promise.resolve(false)],
    ['rejects', () => Promise.reject(new Error('a tenant secret'))],
  ])('is tried again where its predicate %s, and the log says so', async (how, predicate) => {
    const harness = new ConsumeHarness();
    const isWorthIt = predicate as () => boolean;
    const own = { retry: { attempts: 3, backoffMs: 1, isRetryable: isWorthIt } };
    const { process, times } = await failing(harness, () => new Error('x'), own, { retry: { attempts: 1 } });
    await harness.clock.advance(10_000);
    expect(times['own']?.length).toBe(3);
    const error = how === 'throws' ? 'RangeError' : 'TypeError';
    const place = { topic: 'notes', partition: 0, offset: 0, tenant: 'acme', error };
    expect(process.logger.of('predicateFailed')).toMatchObject([place, place]);
    expect(JSON.stringify(process.logger.entries)).not.toContain('secret');
  });
});

describe('threat 45: a handler with its own time', () => {
  it('is told to end after it, whatever began before or after with another, and is then stuck by itself', async () => {
    const harness = new ConsumeHarness();
    const told: [string, number][] = [];
    const handle = (event: { id: string }, { signal }: HandlerContext): Promise<void> => {
      signal.addEventListener('abort', () => told.push([event.id, harness.clock.monotonicMs() - startMs]));
      return never;
    };
    const process = await harness.start(
      (consumer) => consumer.on(Noted, handle, { timeoutMs: 1_000 }).on(Renoted, handle),
      { options: { handlerTimeoutMs: 60_000 } },
    );
    for (const [index, eventType] of [Renoted, Noted, Renoted, Noted].map((one) => one.eventType).entries()) {
      harness.kafka.append(eventRecord({ eventId: `e${index}`, aggregate: `n${index}`, eventType }));
    }
    const startMs = harness.clock.monotonicMs();
    await harness.clock.advance(20_000);
    expect(told.map(([id]) => id)).toEqual(['e1', 'e3']);
    for (const [, afterMs] of told) expect(afterMs).toBeLessThan(1_200);
    expect(process.consumer.health().reasons).toEqual([
      expect.stringContaining('the handler for tenant acme at offset 1 has not settled'),
      expect.stringContaining('the handler for tenant acme at offset 3 has not settled'),
    ]);
    await harness.clock.advance(50_000);
    expect(told.map(([id]) => id)).toEqual(['e1', 'e3', 'e0', 'e2']);
  });

  it('may be longer than the consumer’s', async () => {
    const harness = new ConsumeHarness();
    let aborted = false;
    const slow = async (_event: unknown, { signal }: HandlerContext): Promise<void> => {
      await delay(harness.clock, 50_000);
      aborted = signal.aborted;
    };
    harness.kafka.append(eventRecord());
    const options = { handlerTimeoutMs: 100 };
    const process = await harness.start((consumer) => consumer.on(Noted, slow, { timeoutMs: 60_000 }), { options });
    await harness.clock.advance(40_000);
    expect(process.consumer.health().status).toBe('live');
    await harness.clock.advance(20_000);
    expect([process.consumer.counts().handled, aborted]).toEqual([1, false]);
  });

  it('is tried again when it was too slow, whatever its predicate would say', async () => {
    const harness = new ConsumeHarness();
    let tries = 0;
    const slow = async (_event: unknown, { signal }: HandlerContext): Promise<void> => {
      tries += 1;
      await delay(harness.clock, 60_000, signal);
      throw new Error('aborted');
    };
    harness.kafka.append(eventRecord());
    await harness.start((consumer) =>
      consumer.on(Noted, slow, {
        timeoutMs: 100,
        retry: { attempts: 3, backoffMs: 1, isRetryable: () => false },
      }),
    );
    await harness.clock.advance(10_000);
    expect(tries).toBe(3);
    expect(harness.deadLetters).toEqual([{ id: 'id-1', code: 'HANDLER_TIMEOUT' }]);
  });
});
