import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../../src/api/publisher.js';
import { tenantryError, type TenantryErrorOf } from '../../../src/core/errors.js';
import { publishMany } from '../../../src/producer/publish-many.js';
import { ACME } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';

const receiptOf = (eventId: string): Receipt => ({
  eventId,
  tenantId: ACME,
  topic: 'notes',
  partition: 0,
  offset: 0,
  timestamp: new Date(0),
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('publishMany', () => {
  it('gives a receipt an item, in the order of the items, whatever the order of the answers', async () => {
    const waiting: (() => void)[] = [];
    const publishes = publishMany(
      numbers(5),
      {},
      (item) =>
        new Promise<Receipt>((resolve) => {
          waiting.push(() => {
            resolve(receiptOf(String(item)));
          });
        }),
    );
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    for (const answer of waiting.reverse()) answer();
    expect((await publishes).map(({ eventId }) => eventId)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('gives each item the options that the application makes for it', async () => {
    const seen: unknown[] = [];
    const eventIds = ['a', 'b'];
    await publishMany(eventIds, { each: (item, index) => ({ eventId: `${item}${index}` }) }, (item, options) => {
      seen.push(options);
      return Promise.resolve(receiptOf(item));
    });
    expect(seen).toEqual([
      { eventId: 'a0', signal: undefined },
      { eventId: 'b1', signal: undefined },
    ]);
  });

  it('does not let one item whose options cannot be made stop the others', async () => {
    const each = (item: string): { eventId: string } => {
      if (item === 'bad') throw new Error('secret');
      return { eventId: item };
    };
    const error: unknown = await publishMany(['one', 'bad', 'two'], { each }, (item) =>
      Promise.resolve(receiptOf(item)),
    ).catch((thrown: unknown) => thrown);
    const { outcomes } = error as TenantryErrorOf<'PUBLISH_INCOMPLETE'>;
    expect(outcomes.map(({ published }) => published)).toEqual([true, false, true]);
    expect(JSON.stringify(outcomes)).not.toContain('secret');
  });

  it('of nothing is nothing', async () => {
    expect(await publishMany([], {}, () => Promise.reject(new Error('never called')))).toEqual([]);
  });

  it('tells an outcome an item where any failed', async () => {
    const publishes = publishMany(numbers(4), {}, async (item) => {
      if (item === 1) throw tenantryError('VALIDATION_FAILED', 'no', { problems: [] });
      if (item === 3) throw new TypeError('an error of another kind, with data in its message');
      return receiptOf(String(item));
    });
    const error = await publishes.catch((caught: unknown) => caught as TenantryErrorOf<'PUBLISH_INCOMPLETE'>);
    expect(error).toMatchObject({
      code: 'PUBLISH_INCOMPLETE',
      message: '2 of 4 events were not published; outcomes says which',
      outcomes: [
        { index: 0, published: true, eventId: '0' },
        { index: 1, published: false, error: { code: 'VALIDATION_FAILED' } },
        { index: 2, published: true, eventId: '2' },
        { index: 3, published: false, error: { code: 'PUBLISH_FAILED' } },
      ],
    });
    expect(JSON.stringify(error)).not.toContain('data in its message');
  });

  it('takes from an iterable only as fast as it is answered', async () => {
    let taken = 0;
    const answers: (() => void)[] = [];
    const source = (function* () {
      for (; taken < 3_000; taken += 1) yield taken;
    })();
    const publishes = publishMany(
      source,
      {},
      (item) =>
        new Promise<Receipt>((resolve) => {
          answers.push(() => {
            resolve(receiptOf(String(item)));
          });
        }),
    );
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await settle();
    expect([answers.length, taken]).toEqual([1_000, 1_000]);
    for (const answer of answers.splice(0, 300)) answer();
    await settle();
    expect([answers.length, taken]).toEqual([1_000, 1_300]);
    while (answers.length > 0) {
      for (const answer of answers.splice(0)) answer();
      await settle();
    }
    expect(await publishes).toHaveLength(3_000);
  });

  it('waits for a slow limit as long as it takes, in order, and never finds the queue full', async () => {
    const harness = new PublishHarness({ maxWaitMs: 100, maxWaiting: 5 });
    harness.limitOf.set(ACME, { eventsPerSecond: 100 });
    const options = { signal: new AbortController().signal };
    const publishes = publishMany(numbers(2_000), options, (item, itemOptions) =>
      harness.publish({ id: `n${item}` }, { pacing: 'paced', options: itemOptions }),
    );
    expect(await harness.clock.advanceUntil(publishes)).toHaveLength(2_000);
    expect(harness.clock.monotonicMs()).toBeGreaterThan(18_000);
    expect(harness.takenIds).toEqual(numbers(2_000).map((item) => `acme:n${item}`));
  });

  it('can be aborted: what was not handed over is not sent', async () => {
    const harness = new PublishHarness({ maxWaitMs: 100 });
    harness.limitOf.set(ACME, { eventsPerSecond: 100 });
    const abort = new AbortController();
    const publishes = publishMany(numbers(1_500), { signal: abort.signal }, (item, options) =>
      harness.publish({ id: `n${item}` }, { pacing: 'paced', options }),
    ).catch((error: unknown) => error as TenantryErrorOf<'PUBLISH_INCOMPLETE'>);
    await harness.clock.advance(2_000);
    abort.abort();
    const error = await harness.clock.advanceUntil(publishes);
    if (Array.isArray(error)) return expect.fail('it was not aborted');
    expect(error.outcomes).toHaveLength(1_500);
    const published = error.outcomes.filter((outcome) => outcome.published).length;
    const unknown = error.outcomes.filter(
      (outcome) => !outcome.published && outcome.error.code === 'DELIVERY_UNKNOWN',
    ).length;
    expect(published + unknown).toBe(harness.producer.taken.length);
    expect(published).toBeGreaterThan(250);
    expect(published).toBeLessThan(350);
  });
});
