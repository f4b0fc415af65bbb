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
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await settle();
    expect([answers.length, taken]).toEqual([1_000, 999]); // it counts when it is asked for the next one
    for (const answer of answers.splice(0, 300)) answer();
    await settle();
    expect([answers.length, taken]).toEqual([1_000, 1_299]);
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
    // What was taken from the source until then.
    expect(error.message).toMatch(/^it was aborted after \d+ items: /);
    expect(error.outcomes.length).toBeGreaterThan(1_000);
    expect(error.outcomes.length).toBeLessThan(1_400);
    const published = error.outcomes.filter((outcome) => outcome.published).length;
    const unknown = error.outcomes.filter(
      (outcome) => !outcome.published && outcome.error.code === 'DELIVERY_UNKNOWN',
    ).length;
    expect(published + unknown).toBe(harness.producer.taken.length);
    expect(published).toBeGreaterThan(250);
    expect(published).toBeLessThan(350);
  });

  it('takes no more once it is aborted, and has the source clean up', async () => {
    let cleaned = false;
    let taken = 0;
    const endless = (function* () {
      try {
        for (;;) yield (taken += 1);
      } finally {
        cleaned = true;
      }
    })();
    const abort = new AbortController();
    const publishes = publishMany(endless, { signal: abort.signal }, async (item) => {
      if (item === 10) abort.abort();
      return Promise.reject(tenantryError('ABORTED', 'aborted'));
    });
    await expect(publishes).rejects.toMatchObject({ code: 'PUBLISH_INCOMPLETE' });
    expect([taken, cleaned]).toEqual([10, true]);
    const outcomes = await publishMany(endless, { signal: abort.signal }, () => Promise.reject(new Error())).catch(
      (error: unknown) => (error as TenantryErrorOf<'PUBLISH_INCOMPLETE'>).outcomes,
    );
    expect(outcomes).toEqual([]);
  });

  it('takes no more once the client is stopped, and lets it stop', async () => {
    const harness = new PublishHarness();
    let taken = 0;
    const endless = (function* () {
      for (;;) yield (taken += 1);
    })();
    const publishes = publishMany(endless, {}, (item, options) =>
      harness.publish({ id: `n${item}` }, { pacing: 'paced', options }),
    ).catch((error: unknown) => error);
    await harness.clock.advance(3);
    expect(await harness.clock.advanceUntil(harness.pipeline.stop(1_000))).toBe(0);
    const error = (await publishes) as TenantryErrorOf<'PUBLISH_INCOMPLETE'>;
    expect(error).toMatchObject({ code: 'PUBLISH_INCOMPLETE', message: expect.stringContaining('was stopped') });
    expect(error.outcomes).toHaveLength(taken);
    expect(error.outcomes.filter(({ published }) => !published).length).toBeLessThan(10);
  });

  it('lets other work run while items fail at once', async () => {
    let turns = 0;
    const tick = (): void => {
      turns += 1;
      immediate = setImmediate(tick);
    };
    let immediate = setImmediate(tick);
    await publishMany(numbers(10_000), {}, () => Promise.reject(tenantryError('ABORTED', 'no'))).catch(() => undefined);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(10_000 / 300));
  });

  it('keeps the outcomes where the source fails, without its message', async () => {
    const failing = (function* () {
      yield* [0, 1, 2];
      throw new Error('secret');
    })();
    const error: unknown = await publishMany(failing, {}, (item) =>
      item === 1 ? Promise.reject(tenantryError('ABORTED', 'no')) : Promise.resolve(receiptOf(String(item))),
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'PUBLISH_INCOMPLETE',
      message: 'the source of the events failed after 3 items: 1 of 3 events were not published; outcomes says which',
      outcomes: [{ published: true }, { published: false }, { published: true }],
    });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it.each([undefined, null, 7, {}, (async function* () {})()])('refuses %s, which is not iterable', async (items) => {
    const publishes = publishMany(items as number[], {}, () => Promise.reject(new Error()));
    await expect(publishes).rejects.toMatchObject({ code: 'INVALID_OPTIONS', problems: [{ path: 'data' }] });
  });

  it('leaves items in their source while what waits holds much memory', async () => {
    const harness = new PublishHarness({ maxWaitingBytes: 20_000 });
    harness.limitOf.set(ACME, { eventsPerSecond: 100 });
    let taken = 0;
    const source = (function* () {
      for (; taken < 300; taken += 1) yield taken;
    })();
    const publishes = publishMany(
      source,
      {},
      (item, options) => harness.publish({ id: `n${item}`, note: 'x'.repeat(1_000) }, { pacing: 'paced', options }),
      () => harness.pipeline.isCrowded(ACME),
    );
    await harness.clock.advance(10);
    expect(taken).toBeLessThan(130);
    expect(await harness.clock.advanceUntil(publishes)).toHaveLength(300);
  });
});
