import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DedupeStore } from '../../../../src/api/dedupe.js';
import { delay } from '../../../../src/core/clock.js';
import { consumerOptionsSchema } from '../../../../src/consumer/consumer-options.js';
import { Dedupe, dedupeKey, type HandledEvent } from '../../../../src/consumer/handling/dedupe.js';
import { deadLetter } from '../../../../src/consumer/handling/handler-verdict.js';
import { MemoryDedupe } from '../../../../src/consumer/handling/memory-dedupe.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { Noted, Whispered } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess, type ProcessOptions } from '../../../support/consume-harness.js';
import { eventRecord, type RecordSketch } from '../../../support/records.js';

const never = new Promise<never>(() => undefined);
const DAY_MS = 86_400_000;

/** A store whose answers a test can change. */
class FakeStore implements DedupeStore {
  readonly marked = new Map<string, number>();
  readonly calls: string[] = [];
  has: (key: string) => boolean | Promise<boolean> = (key) => {
    this.calls.push('has');
    return this.marked.has(key);
  };
  mark: (key: string, ttlMs: number) => unknown = (key, ttlMs) => {
    this.calls.push('mark');
    this.marked.set(key, ttlMs);
  };
}

async function reading(
  harness: ConsumeHarness,
  store: DedupeStore,
  handle: (id: string) => unknown = () => undefined,
  given: ProcessOptions = {},
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process = await harness.start(
    (consumer) =>
      consumer.on([Noted, Whispered], (event) => {
        seen.push(`${event.tenantId}:${event.aggregateId} ${event.type} ${event.id}`);
        return handle(event.id);
      }),
    { ...given, options: { dedupe: { store }, ...given.options } },
  );
  await harness.clock.advance(150);
  return { process, seen };
}

function append(harness: ConsumeHarness, ...sketches: RecordSketch[]): void {
  for (const sketch of sketches) harness.kafka.append(eventRecord(sketch));
}

const whisper = (sketch: RecordSketch = {}): RecordSketch => ({
  eventType: 'notes.whispered.v1',
  value: Buffer.from('sealed:{"id":"n1"}'),
  ...sketch,
});

describe('a consumer with a dedupe store', () => {
  it('threat 20: handles an event that was written twice once, and counts the other', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    append(harness, {}, {}, {});
    const { process, seen } = await reading(harness, store);
    expect(seen).toEqual(['acme:n1 notes.noted id-1']);
    expect(process.consumer.counts()).toMatchObject({ handled: 1, duplicates: 2, unmarked: 0 });
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.committed()).toBe(3);
    expect([...store.marked.values()]).toEqual([DAY_MS]);
    expect([...store.marked.keys()].join()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('threat 20: handles once what a crash redelivers, where it was marked', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    const options = { commitIntervalMs: 60_000 };
    append(harness, { eventId: 'a' }, { eventId: 'b', aggregate: 'n2' });
    const first = await reading(harness, store, (id) => (id === 'b' ? never : undefined), { options });
    expect(first.seen).toHaveLength(2);
    first.process.kill();
    const second = await reading(harness, store, undefined, { options });
    expect(second.seen).toEqual(['acme:n2 notes.noted b']);
    expect(second.process.consumer.counts()).toMatchObject({ handled: 1, duplicates: 1 });
  });

  it('handles again what a crash redelivers, where it came between the handler and the mark', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    const { mark } = store;
    store.mark = () => never;
    append(harness, {});
    const first = await reading(harness, store);
    first.process.kill();
    store.mark = mark;
    const second = await reading(harness, store);
    expect([first.seen, second.seen]).toEqual([['acme:n1 notes.noted id-1'], ['acme:n1 notes.noted id-1']]);
  });

  it('finishes a record only once it is marked', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    let marked = (): void => undefined;
    store.mark = () => new Promise<void>((resolve) => (marked = resolve));
    append(harness, { eventId: 'a' }, { eventId: 'b' });
    const { process, seen } = await reading(harness, store);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['acme:n1 notes.noted a']);
    expect(harness.committed()).toBe(0);
    marked();
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['acme:n1 notes.noted a', 'acme:n1 notes.noted b']);
    expect(harness.committed()).toBe(1);
    expect(process.consumer.counts()).toMatchObject({ handled: 2, unmarked: 0 });
  });

  it('asks before each try and marks after the one that succeeds, and never what went to the dead letters', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    append(harness, { eventId: 'a' }, { eventId: 'dead', aggregate: 'n2' });
    let tries = 0;
    let isDead = true;
    const { seen } = await reading(harness, store, (id) => {
      if (id === 'dead' && isDead) throw deadLetter('never');
      tries += 1;
      if (tries < 3) throw new Error('not yet');
    });
    await harness.clock.advance(2_000);
    expect(harness.deadLetters).toEqual([{ id: 'dead', code: 'DEAD_LETTERED' }]);
    expect(store.calls).toEqual(['has', 'has', 'has', 'has', 'mark']);
    isDead = false;
    append(harness, { eventId: 'dead', aggregate: 'n2' });
    await harness.clock.advance(150);
    expect(seen.filter((event) => event.endsWith('dead'))).toHaveLength(2);
    expect(store.calls.slice(5)).toEqual(['has', 'mark']);
  });

  it('handles again what is replayed, and marks it anew', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    append(harness, { eventId: 'a' }, { eventId: 'b', tenant: 'globex' });
    const { process, seen } = await reading(harness, store);
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(seen.filter((event) => event.endsWith('a'))).toHaveLength(2);
    expect([...store.calls].sort()).toEqual(['has', 'has', 'mark', 'mark', 'mark']);
    append(harness, { eventId: 'a' });
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts()).toMatchObject({ handled: 3, duplicates: 1 });
  });

  it('handles again what failed in a replay and is redriven, though it was marked before', async () => {
    const harness = new ConsumeHarness();
    let isBroken = false;
    append(harness, { eventId: 'a' });
    const { process, seen } = await reading(
      harness,
      new FakeStore(),
      () => {
        if (isBroken) throw deadLetter('not now');
      },
      { options: { commitIntervalMs: 100 } },
    );
    isBroken = true;
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    isBroken = false;
    await harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(seen).toHaveLength(3);
    expect(process.consumer.counts()).toMatchObject({ handled: 2, deadLettered: 1, duplicates: 0 });
  });

  it('has a stop wait for the mark of what its handler has done', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    store.mark = () => delay(harness.clock, 2_900);
    append(harness, { eventId: 'a' });
    const first = await reading(harness, store);
    const report = await harness.clock.advanceUntil(first.process.consumer.stop());
    expect([report, harness.committed()]).toEqual([{ timedOut: false, unfinished: 0, uncommitted: 0 }, 1]);
    const second = await reading(harness, store);
    expect([first.seen, second.seen]).toEqual([['acme:n1 notes.noted a'], []]);
  });

  it('asks and tells the store outside the tenant', async () => {
    const harness = new ConsumeHarness();
    const ambient: unknown[] = [];
    const started: { process?: ConsumerProcess } = {};
    const note = (): false => {
      ambient.push(started.process?.ambient.current);
      return false;
    };
    const { process } = await reading(harness, { has: note, mark: note });
    started.process = process;
    append(harness, { eventId: 'a' }, { eventId: 'b' });
    await harness.clock.advance(150);
    expect(ambient).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('an id that stands in another record', () => {
  it('threat 63: marks nothing where the record does not open, and its true owner is handled', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    append(
      harness,
      whisper({ value: Buffer.from('forged') }),
      { ...whisper(), tenant: 'globex', key: Buffer.from('acme:n1') },
      { data: { id: 42 } },
    );
    const forged = await reading(harness, store);
    expect(harness.quarantined).toHaveLength(2);
    expect(harness.deadLetters).toHaveLength(1);
    expect([forged.seen, store.calls]).toEqual([[], []]);
    append(harness, whisper(), {});
    await harness.clock.advance(150);
    expect(forged.seen).toEqual(['acme:n1 notes.whispered id-1', 'acme:n1 notes.noted id-1']);
  });

  it('threat 63: of another tenant, key or type takes nothing away', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    const { process, seen } = await reading(harness, store);
    for (const sketch of [{}, { tenant: 'globex' }, { aggregate: 'n2' }, whisper()]) {
      append(harness, sketch);
      await harness.clock.advance(150);
    }
    expect(seen.sort()).toEqual([
      'acme:n1 notes.noted id-1',
      'acme:n1 notes.whispered id-1',
      'acme:n2 notes.noted id-1',
      'globex:n1 notes.noted id-1',
    ]);
    expect(process.consumer.counts()).toMatchObject({ handled: 4, duplicates: 0 });
  });

  it('threat 63: is handled once by each group that shares the store', async () => {
    const groups = [GROUP, '_shared.others'];
    const harness = new ConsumeHarness(1, groups);
    const store = new FakeStore();
    append(harness, {}, {});
    for (const groupId of groups) {
      const { process } = await reading(harness, store, undefined, { groupId });
      expect(process.consumer.counts()).toMatchObject({ handled: 1, duplicates: 1 });
    }
  });
});

describe('a store that cannot be asked', () => {
  it.each([
    ['throws', () => expect.fail('holds tenant data')],
    ['rejects', () => Promise.reject(new RangeError('holds tenant data'))],
    ['never answers', () => never],
    ['answers something else', () => 'no' as never],
  ])('holds the event where it %s, and handles it once it can', async (_what, has) => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    const works = store.has;
    store.has = has;
    append(harness, {}, {});
    const { process, seen } = await reading(harness, store);
    await harness.clock.advance(60_000);
    expect(seen).toEqual([]);
    expect(harness.committed()).toBe(0);
    expect(process.consumer.health()).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/^the dedupe store has failed/)],
    });
    store.has = works;
    await harness.clock.advance(10_000);
    expect(process.consumer.health().status).toBe('live');
    expect(seen).toHaveLength(1);
    expect(harness.committed()).toBe(2);
    expect(process.consumer.counts()).toMatchObject({ handled: 1, failedAttempts: 0, duplicates: 1 });
    const logged = process.logger.of('dedupeFailed');
    expect(logged.length).toBeGreaterThan(10);
    expect(logged[0]).toMatchObject({ topic: 'notes', partition: 0, offset: 0, tenant: 'acme', operation: 'has' });
    expect(JSON.stringify(process.logger.entries)).not.toContain('holds tenant data');
  });

  it('holds up the lane of the event, and no other', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    const works = store.has;
    let first: string | undefined;
    store.has = (key) => {
      first ??= key;
      return key === first ? Promise.reject(new Error('away')) : works(key);
    };
    append(harness, { eventId: 'a' }, { eventId: 'b' }, { eventId: 'c', aggregate: 'n2' });
    append(harness, { eventId: 'd', tenant: 'globex' });
    const { seen } = await reading(harness, store);
    await harness.clock.advance(10_000);
    expect(seen.sort()).toEqual(['acme:n2 notes.noted c', 'globex:n1 notes.noted d']);
  });

  it('leaves the event unfinished where the partition goes away meanwhile', async () => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    let answer = (_isHandled: boolean): void => undefined;
    store.has = () => new Promise<boolean>((resolve) => (answer = resolve));
    append(harness, {});
    const { process, seen } = await reading(harness, store);
    const stopping = process.consumer.stop();
    await harness.clock.advance(100);
    answer(false);
    await harness.clock.advanceUntil(stopping);
    expect(seen).toEqual([]);
    expect(harness.committed()).toBe(0);
  });
});

describe('a store that does not take a mark', () => {
  it.each([
    ['throws', () => expect.fail('holds tenant data')],
    ['rejects', () => Promise.reject(new RangeError('holds tenant data'))],
    ['never answers', () => never],
  ])('leaves the event done where it %s, counted and logged', async (_what, mark) => {
    const harness = new ConsumeHarness();
    const store = new FakeStore();
    store.mark = mark;
    append(harness, {}, {});
    const { process, seen } = await reading(harness, store);
    await harness.clock.advance(20_000);
    expect(seen).toHaveLength(2);
    expect(harness.committed()).toBe(2);
    expect(process.consumer.counts()).toMatchObject({ handled: 2, failedAttempts: 0, duplicates: 0, unmarked: 2 });
    expect(process.logger.of('dedupeFailed')).toMatchObject([{ operation: 'mark' }, { operation: 'mark' }]);
    expect(process.consumer.health().status).toBe('degraded');
    expect(JSON.stringify(process.logger.entries)).not.toContain('holds tenant data');
  });
});

describe('a time-out', () => {
  it('is cancelled once the store has answered, and a late failure disturbs nobody', async () => {
    const clock = new VirtualClock();
    let fail = (_error: Error): void => undefined;
    const store = new FakeStore();
    const dedupe = new Dedupe({ clock, store, ttlMs: 1 });
    await dedupe.mark('k');
    await expect(dedupe.has('k')).resolves.toBe(true);
    store.has = () => new Promise((_resolve, reject) => (fail = reject));
    const asked = expect(dedupe.has('k')).rejects.toMatchObject({ name: 'TimeoutError' });
    await clock.advance(3_000);
    await asked;
    fail(new Error('late'));
  });
});

describe('the key of an event', () => {
  const event: HandledEvent = {
    groupId: GROUP,
    tenantId: 'acme',
    logicalTopic: 'notes',
    recordKey: Buffer.from('acme:n1'),
    eventType: 'notes.noted.v1',
    eventId: 'id-1',
  };

  // It stands in stores of running systems: another one would have everything handled again that is redelivered.
  it('stays what it is', () => {
    expect(dedupeKey(event)).toBe('oQ_ZW_8glLXSO4wZ-Wg8gRgKl1ydId5jI7Q0V4BsIO0');
  });

  it('threat 63: differs wherever any name differs, however the names are cut', () => {
    const name = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b') });
    const names = fc.tuple(name, name, name, name, name, name);
    const keyOf = ([groupId, tenantId, logicalTopic, recordKey, eventType, eventId]: string[]): string =>
      dedupeKey({
        groupId: groupId!,
        tenantId: tenantId!,
        logicalTopic: logicalTopic!,
        recordKey: Buffer.from(recordKey!),
        eventType: eventType!,
        eventId: eventId!,
      });
    fc.assert(
      fc.property(names, names, fc.nat({ max: 5 }), (one, other, index) => {
        expect(keyOf(one) === keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        expect(keyOf(one.with(index, `${one[index]}c`))).not.toBe(keyOf(one));
      }),
    );
    expect(keyOf(['', 'ab', '', '', '', ''])).not.toBe(keyOf(['a', 'b', '', '', '', '']));
  });
});

describe('the option dedupe', () => {
  it.each([
    [{}, 'dedupe.store'],
    [{ store: { has: () => true } }, 'dedupe.store'],
    [{ store: new MemoryDedupe(new VirtualClock(), 1), ttlMs: 999 }, 'dedupe.ttlMs'],
    [{ store: new MemoryDedupe(new VirtualClock(), 1), ttlMs: 32 * DAY_MS }, 'dedupe.ttlMs'],
  ])('%# is refused', (dedupe, path) => {
    const { error } = consumerOptionsSchema().safeParse({ dedupe });
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});
