// Dead letters handled again, on the whole engine over a fake cluster.
import { describe, expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../src/api/consumer.js';
import { memoryDedupe } from '../../../src/consumer/handling/memory-dedupe.js';
import { delay } from '../../../src/core/clock.js';
import { controlTopic, deadLetterTopic } from '../../../src/routing/naming.js';
import { Noted, Signed, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord, header } from '../../support/records.js';

const DEAD_LETTERS = deadLetterTopic(GROUP, 'notes');

/** A group whose handlers fail for good for the ids in `bad`. */
class Failing {
  readonly harness: ConsumeHarness;
  readonly bad = new Set<string>();
  /** Ids in the order in which their handlers began; `!` for what a redrive has brought. */
  readonly begun: string[] = [];
  readonly done: string[] = [];
  handlerMs = 1;

  constructor(harness = new ConsumeHarness()) {
    this.harness = harness;
  }

  async member(options: ConsumerOptions = {}): Promise<ConsumerProcess> {
    const process: ConsumerProcess = await this.harness.start(
      (consumer) =>
        consumer.on([Noted, Whispered], async ({ id }, { redriven, replay }) => {
          expect(replay).toBe(false);
          this.begun.push(redriven ? `${id}!` : id);
          await delay(process.clock, this.handlerMs);
          if (this.bad.has(id)) throw new Error('bad');
          this.done.push(id);
        }),
      { options: { retry: { attempts: 1 }, commitIntervalMs: 100, ...options } },
    );
    await this.harness.clock.advance(50);
    return process;
  }

  write(tenant: string, ids: readonly string[], eventType?: string): void {
    for (const eventId of ids) {
      this.harness.kafka.append(eventRecord({ tenant, aggregate: eventId, eventId, ...(eventType && { eventType }) }));
    }
  }

  /** Writes events that all become dead letters, and heals what made them so. */
  async fail(tenant: string, ids: readonly string[], process: ConsumerProcess): Promise<void> {
    for (const id of ids) this.bad.add(id);
    this.write(tenant, ids);
    await this.harness.clock.advanceUntil(process.consumer.caughtUp());
    for (const id of ids) this.bad.delete(id);
    this.begun.length = 0;
  }

  get redriven(): string[] {
    return this.begun.filter((id) => id.endsWith('!')).map((id) => id.slice(0, -1));
  }
}

const ids = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

describe('a redrive', () => {
  it('brings the dead letters of one tenant back to the group, once, and nobody else’s', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0', 'a1', 'a2'], process);
    await group.fail('globex', ['g0'], process);
    const report = await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(report).toEqual({ matched: 3, codes: { HANDLER_FAILED: 3 }, isUnderWay: false });
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.begun).toEqual(['a0!', 'a1!', 'a2!']);
    const again = await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(again.matched).toBe(0);
    await group.harness.clock.advance(2_000);
    expect(group.begun).toHaveLength(3);
    expect(process.consumer.counts()).toMatchObject({ handled: 3, deadLettered: 4 });
  });

  it('says beforehand what it is for, and does nothing, where it is a dry run', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0', 'a1'], process);
    const dry = process.consumer.redrive('acme', { dryRun: true });
    expect(await group.harness.clock.advanceUntil(dry)).toEqual({
      matched: 2,
      codes: { HANDLER_FAILED: 2 },
      isUnderWay: false,
    });
    await group.harness.clock.advance(2_000);
    expect(group.begun).toEqual([]);
    expect(group.harness.kafka.log(controlTopic(GROUP)).records).toEqual([]);
  });

  it('makes a new dead letter of what fails again, with the place where it first stood and all its tries', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0', 'a1'], process);
    group.bad.add('a0');
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.done).toEqual(['a1']);
    const { records } = group.harness.kafka.log(DEAD_LETTERS);
    expect(records).toHaveLength(3);
    const told = Object.fromEntries(records[2]?.headers.map(({ name, value }) => [name, value.toString()]) ?? []);
    expect(told).toMatchObject({
      'event-id': 'a0',
      'dlq-topic': 'notes',
      'dlq-partition': '0',
      'dlq-offset': '0',
      'dlq-attempts': '2',
    });
    expect(records[2]?.headers.filter(({ name }) => name === 'dlq-code')).toHaveLength(1);
    group.bad.clear();
    expect(await group.harness.clock.advanceUntil(process.consumer.redrive('acme'))).toMatchObject({ matched: 1 });
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven).toEqual(['a0', 'a1', 'a0']);
  });

  it.each([
    ['code', { code: 'UNKNOWN_EVENT_VERSION' }, []],
    ['codes', { code: ['UNKNOWN_EVENT_VERSION', 'HANDLER_FAILED'] }, ['a0', 'w0']],
    ['event type', { eventType: 'notes.whispered' }, ['w0']],
    ['event type and version', { eventType: ['notes.noted.v1'] }, ['a0']],
    ['another version', { eventType: 'notes.noted.v2' }, []],
    ['topic', { topic: 'notes' }, ['a0', 'w0']],
    ['times', { failedFrom: new Date(0), failedUntil: new Date('2100-01-01') }, ['a0', 'w0']],
    ['times before', { failedUntil: new Date(0) }, []],
    ['times after', { failedFrom: new Date('2100-01-01') }, []],
  ])('is for those that pass its filter: %s', async (_what, filter, wanted) => {
    const group = new Failing();
    const process = await group.member();
    group.bad.add('a0').add('w0');
    group.write('acme', ['a0']);
    group.harness.kafka.append(
      eventRecord({
        aggregate: 'w0',
        eventId: 'w0',
        eventType: 'notes.whispered.v1',
        value: Buffer.from('sealed:{"id":"w0"}'),
      }),
    );
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    group.bad.clear();
    group.begun.length = 0;
    const report = await group.harness.clock.advanceUntil(process.consumer.redrive('acme', filter));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect([report.matched, group.redriven]).toEqual([wanted.length, wanted]);
    // What it was not for is still there for the next.
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven.sort()).toEqual(['a0', 'w0']);
  });

  it('brings nothing that its filter does not let pass, also where that lies between what it is for', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0'], process);
    group.write('acme', ['other'], 'notes.noted.v2');
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    await group.fail('acme', ['a1'], process);
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme', { code: 'HANDLER_FAILED' }));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven).toEqual(['a0', 'a1']);
    // It would have failed once more.
    expect(group.harness.deadLetters.map(({ id }) => id)).toEqual(['a0', 'other', 'a1']);
  });

  it('brings nothing that an earlier one was for, also where that lies between what it is for', async () => {
    const group = new Failing();
    const process = await group.member();
    const value = Buffer.from('sealed:{"id":"w0"}');
    group.bad.add('a0').add('w0').add('a1');
    group.write('acme', ['a0']);
    group.harness.kafka.append(eventRecord({ aggregate: 'w0', eventId: 'w0', eventType: 'notes.whispered.v1', value }));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    group.write('acme', ['a1']);
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    group.bad.clear();
    group.begun.length = 0;
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme', { eventType: 'notes.whispered' }));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven).toEqual(['w0', 'a0', 'a1']);
  });

  it('goes on where it was after a crash, and what had succeeded and was committed does not come again', async () => {
    const group = new Failing();
    const first = await group.member({ concurrency: 1 });
    const all = ids('a', 40);
    await group.fail('acme', all, first);
    group.handlerMs = 100;
    await group.harness.clock.advanceUntil(first.consumer.redrive('acme'));
    await group.harness.clock.advance(1_000);
    first.kill();
    const before = group.redriven.length;
    expect(before).toBeGreaterThan(5);
    expect(before).toBeLessThan(30);
    group.harness.kafka.group(GROUP).lose(first.member, undefined);
    group.handlerMs = 1;
    const second = await group.member();
    await group.harness.clock.advanceUntil(second.consumer.caughtUp());
    expect(new Set(group.done)).toEqual(new Set(all));
    // Those whose end was not committed: the one that ran, and those of the last commit interval.
    expect(group.redriven.length - all.length).toBeLessThanOrEqual(3);
    expect(await group.harness.clock.advanceUntil(second.consumer.redrive('acme'))).toMatchObject({ matched: 0 });
  });

  it('is done by whichever member has the partition, also one that comes later', async () => {
    const group = new Failing(new ConsumeHarness(2));
    const first = await group.member({ concurrency: 1 });
    await group.fail('acme', ids('a', 20), first);
    group.handlerMs = 50;
    await group.harness.clock.advanceUntil(first.consumer.redrive('acme'));
    const second = await group.member({ concurrency: 1 });
    group.harness.kafka.group(GROUP).give({ topic: DEAD_LETTERS, partition: 0 }, second.member);
    await group.harness.clock.advanceUntil(second.consumer.caughtUp());
    expect(group.redriven.sort()).toEqual(ids('a', 20).sort());
    expect(second.consumer.counts().handled).toBeGreaterThan(0);
  });

  it('is not told while the one before goes on, and waits where the tenant is paused', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0'], process);
    await group.harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advance(2_000);
    expect(group.begun).toEqual([]);
    await expect(group.harness.clock.advanceUntil(process.consumer.redrive('acme'))).rejects.toMatchObject({
      code: 'REDRIVE_UNDER_WAY',
      partitions: [`${DEAD_LETTERS}/0`],
      retryable: true,
    });
    const dry = process.consumer.redrive('acme', { dryRun: true });
    expect(await group.harness.clock.advanceUntil(dry)).toMatchObject({ matched: 0, isUnderWay: true });
    await group.harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven).toEqual(['a0']);
  });

  it('told twice at the same time is told once: the other fails, and nothing is handled twice', async () => {
    const group = new Failing(new ConsumeHarness(2));
    const first = await group.member();
    const second = await group.member();
    await group.fail('acme', ids('a', 10), first);
    const told = [first, second].map(async ({ consumer }) => {
      try {
        return (await consumer.redrive('acme')).matched;
      } catch (error) {
        return (error as { readonly code?: unknown }).code;
      }
    });
    const ends = await group.harness.clock.advanceUntil(Promise.all(told));
    expect(ends.sort()).toEqual([10, 'REDRIVE_UNDER_WAY']);
    await group.harness.clock.advanceUntil(first.consumer.caughtUp());
    expect(group.redriven.sort()).toEqual(ids('a', 10));
    expect([...first.logger.of('redriveIgnored'), ...second.logger.of('redriveIgnored')]).toHaveLength(2);
  });

  it('does not bring what was done already by its id, where there is a dedupe store', async () => {
    const group = new Failing();
    const process = await group.member({ dedupe: { store: memoryDedupe() } });
    await group.fail('acme', ['a0', 'a1'], process);
    // The same event once more, and this time it succeeds.
    group.write('acme', ['a0']);
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.begun).toEqual(['a0', 'a1!']);
    expect(process.consumer.counts().duplicates).toBe(1);
  });

  it('loses nothing where the dead letters are of a type that still nobody handles', async () => {
    const group = new Failing();
    const process = await group.member();
    group.write('acme', ['v2'], 'notes.noted.v2');
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.harness.deadLetters).toEqual([
      { id: 'v2', code: 'UNKNOWN_EVENT_VERSION' },
      { id: 'v2', code: 'UNKNOWN_EVENT_VERSION' },
    ]);
    expect(process.consumer.counts().skipped).toBe(0);
  });

  it('nor where it is of a type that the group now skips', async () => {
    const group = new Failing();
    const first = await group.member({ otherTypes: 'dead-letter' });
    group.write('acme', ['strange'], 'notes.strange.v1');
    await group.harness.clock.advanceUntil(first.consumer.caughtUp());
    await group.harness.clock.advanceUntil(first.consumer.stop());
    const second = await group.member({ otherTypes: 'skip' });
    await group.harness.clock.advanceUntil(second.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(second.consumer.caughtUp());
    expect(group.harness.deadLetters.map(({ code }) => code)).toEqual(['UNKNOWN_EVENT_TYPE', 'UNKNOWN_EVENT_TYPE']);
  });

  it('threat 59: believes nothing that a dead letter says: it is guarded and opened again', async () => {
    const group = new Failing();
    const process = await group.member();
    const copied = [
      header('dlq-code', 'HANDLER_FAILED'),
      header('dlq-group', 'another'),
      header('dlq-topic', 'elsewhere'),
      header('dlq-offset', 'x'),
    ];
    const forged = (sketch: Parameters<typeof eventRecord>[0]): void =>
      void group.harness.kafka.append(eventRecord({ ...sketch, topic: DEAD_LETTERS, moreHeaders: copied }));
    forged({
      eventId: 'of-globex',
      headers: [header('tenant-id', 'globex'), header('event-type', 'notes.noted.v1'), header('event-id', 'of-globex')],
    });
    forged({ eventId: 'unsealed', eventType: 'notes.whispered.v1', value: Buffer.from('{"id":"n1"}') });
    forged({ eventId: 'honest' });
    // Without what a copy carries it is no dead letter.
    group.harness.kafka.append(eventRecord({ eventId: 'no-copy', topic: DEAD_LETTERS }));
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.begun).toEqual(['honest!']);
    expect(group.harness.quarantined).toEqual([
      { id: 'of-globex', code: 'TENANT_MISMATCH' },
      { id: 'unsealed', code: 'ENVELOPE_MALFORMED' },
    ]);
  });

  it('brings a record with as many headers as an event may have, and those of its own that look like ours', async () => {
    const group = new Failing();
    const process = await group.member();
    group.bad.add('many');
    const more = [header('dlq-code', 'mine'), ...Array.from({ length: 96 }, (_, at) => header(`h${at}`, 'x'))];
    group.harness.kafka.append(eventRecord({ eventId: 'many', moreHeaders: more }));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    group.begun.length = 0;
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.begun).toEqual(['many!']);
    const { records } = group.harness.kafka.log(DEAD_LETTERS);
    expect(records[1]?.headers.slice(3, 100)).toEqual(more);
  });

  it('is of no concern to another group with the same topic', async () => {
    const harness = new ConsumeHarness(1, [GROUP, '_shared.others']);
    const group = new Failing(harness);
    const process = await group.member();
    const others: string[] = [];
    await harness.start((consumer) => consumer.on(Noted, ({ id }) => others.push(id)), { groupId: '_shared.others' });
    await group.fail('acme', ['a0'], process);
    await harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await harness.clock.advance(2_000);
    expect([group.redriven, others]).toEqual([['a0'], ['a0']]);
  });

  it('fails for a topic that the group does not read, and for options that are none', async () => {
    const group = new Failing();
    const process = await group.member();
    await expect(
      group.harness.clock.advanceUntil(process.consumer.redrive('acme', { topic: 'elsewhere' })),
    ).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND', topics: ['elsewhere'] });
    await expect(process.consumer.redrive('acme', { code: [] })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(process.consumer.redrive('a:b')).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
  });
});

describe('a redrive is not lost', () => {
  it('where another member handles fewer topics, and redrives those: it waits for the end of all', async () => {
    const harness = new ConsumeHarness();
    const statesDeadLetters = deadLetterTopic(GROUP, 'states');
    const first = await harness.start((consumer) => consumer.on([Noted, Signed], () => undefined));
    for (const [topic, eventType] of [
      [statesDeadLetters, 'states.signed.v9'],
      [DEAD_LETTERS, 'notes.noted.v1'],
    ] as const) {
      harness.kafka.append(eventRecord({ topic, eventType, moreHeaders: [header('dlq-code', 'HANDLER_FAILED')] }));
    }
    await harness.clock.advance(1_000);
    const second = await harness.start((consumer) => consumer.on(Noted, () => undefined));
    await harness.clock.advanceUntil(first.consumer.pauseTenant('acme'));
    await harness.clock.advanceUntil(first.consumer.redrive('acme', { topic: 'states' }));
    await expect(harness.clock.advanceUntil(second.consumer.redrive('acme', { topic: 'notes' }))).rejects.toMatchObject(
      { code: 'REDRIVE_UNDER_WAY', partitions: [`${statesDeadLetters}/0`] },
    );
    await harness.clock.advanceUntil(first.consumer.resumeTenant('acme'));
    await harness.clock.advanceUntil(first.consumer.caughtUp());
    // It was handled: of a version that nobody knows, so it is a dead letter once more.
    expect(harness.kafka.log(statesDeadLetters).records).toHaveLength(2);
  });

  it.each([
    ['another tool then moves the group to the end', 4_000],
    ['the broker takes no metadata', 20],
  ])('where it was told before a crash, and %s', async (_what, maxMetadataCharacters) => {
    const group = new Failing();
    const { kafka, clock } = group.harness;
    kafka.maxMetadataCharacters = maxMetadataCharacters;
    const first = await group.member();
    await group.fail('acme', ids('a', 5), first);
    kafka.faults.commit = () => 'refuse';
    group.handlerMs = 60_000;
    const told = first.consumer.redrive('acme', { timeoutMs: 300 }).catch(() => undefined);
    await clock.advance(500);
    first.kill();
    kafka.group(GROUP).lose(first.member, undefined);
    kafka.faults.commit = () => undefined;
    group.handlerMs = 1;
    kafka.group(GROUP).set({ topic: DEAD_LETTERS, partition: 0, offset: 5, metadata: '', leaderEpoch: undefined });
    const second = await group.member();
    await clock.advance(5_000);
    expect(group.done).toEqual(ids('a', 5));
    await clock.advanceUntil(told);
    await clock.advanceUntil(second.consumer.stop());
  });

  it('where a batch of the dead letters cannot be read, once that is given up', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ids('a', 9), process);
    group.harness.kafka.log(DEAD_LETTERS).unreadable = { from: 3, until: 6 };
    await expect(group.harness.clock.advanceUntil(process.consumer.redrive('acme'))).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
    });
    const given = { topic: DEAD_LETTERS, partition: 0, from: 3, to: 6 };
    await group.harness.clock.advanceUntil(process.consumer.skipUnreadable(given));
    const report = await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(report).toMatchObject({ matched: 6 });
    await group.harness.clock.advance(120_000);
    expect(group.redriven).toEqual([...ids('a', 3), 'a6', 'a7', 'a8']);
  });

  it('nor kept from a tenant whose dead-letter topic was made anew', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ids('a', 20), process);
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    group.harness.kafka.log(DEAD_LETTERS).truncate(0);
    await group.harness.clock.advance(120_000);
    await group.fail('acme', ['late'], process);
    await group.harness.clock.advance(120_000);
    const report = await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    expect(report).toMatchObject({ matched: 1 });
  });
});

describe('a redrive', () => {
  it('does not come again by itself in a group that reads from the latest, once its commits have expired', async () => {
    const group = new Failing();
    const first = await group.member({ startFrom: 'latest' });
    await group.fail('acme', ids('a', 5), first);
    await group.harness.clock.advanceUntil(first.consumer.redrive('acme'));
    await group.harness.clock.advanceUntil(first.consumer.caughtUp());
    await group.harness.clock.advanceUntil(first.consumer.stop());
    group.harness.kafka.group(GROUP).commits.clear();
    const second = await group.member({ startFrom: 'latest' });
    await group.harness.clock.advanceUntil(second.consumer.caughtUp());
    expect(group.redriven).toHaveLength(5);
  });

  it('that must not go on is passed over by skipTenant, with its topic named', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ids('a', 3), process);
    await group.harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
    await group.harness.clock.advanceUntil(process.consumer.redrive('acme'));
    const to = [{ topic: DEAD_LETTERS, partition: 0, offset: 2 }];
    await group.harness.clock.advanceUntil(process.consumer.skipTenant('acme', { to }));
    await group.harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(group.redriven).toEqual(['a2']);
  });

  it('is not told by a worker that was stopped while it searched', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ids('a', 3), process);
    group.harness.kafka.faults.holdBack = (client) => client === 'reader';
    const asked = process.consumer.redrive('acme').catch((error: unknown) => error);
    await group.harness.clock.advance(2_000);
    await group.harness.clock.advanceUntil(process.consumer.stop());
    group.harness.kafka.faults.holdBack = () => false;
    expect(await group.harness.clock.advanceUntil(asked)).toMatchObject({ code: 'NOT_RUNNING' });
    expect(group.harness.kafka.log(controlTopic(GROUP)).records).toEqual([]);
  });

  it('takes any time, any code, and a clock that is behind', async () => {
    const group = new Failing();
    const process = await group.member();
    await group.fail('acme', ['a0'], process);
    for (const code of ['__proto__', 'constructor']) {
      group.harness.kafka.append(
        eventRecord({ topic: DEAD_LETTERS, eventId: code, moreHeaders: [header('dlq-code', code)] }),
      );
    }
    await group.harness.clock.advance(100);
    const dry = await group.harness.clock.advanceUntil(process.consumer.redrive('acme', { dryRun: true }));
    expect(Object.entries(dry.codes).sort()).toEqual([
      ['HANDLER_FAILED', 1],
      ['__proto__', 1],
      ['constructor', 1],
    ]);
    const nowMs = process.clock.nowMs.bind(process.clock);
    process.clock.nowMs = () => nowMs() - 60_000;
    const failedFrom = new Date(-3_600_000);
    const report = await group.harness.clock.advanceUntil(process.consumer.redrive('acme', { failedFrom }));
    await group.harness.clock.advanceUntil(process.consumer.caughtUp());
    expect([report.matched, group.redriven]).toEqual([1, ['a0']]);
  });
});

describe('a dead letter', () => {
  it('is not handled by itself, whoever reads it, also from the beginning', async () => {
    const group = new Failing();
    const first = await group.member();
    await group.fail('acme', ids('a', 5), first);
    await group.harness.clock.advanceUntil(first.consumer.stop());
    group.harness.kafka.group(GROUP).set({
      topic: DEAD_LETTERS,
      partition: 0,
      offset: 0,
      metadata: '',
      leaderEpoch: undefined,
    });
    const second = await group.member();
    await group.harness.clock.advanceUntil(second.consumer.caughtUp());
    expect(group.begun).toEqual([]);
    expect(second.consumer.lag()).toEqual([]);
  });
});
