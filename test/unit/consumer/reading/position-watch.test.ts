import { describe, expect, it } from 'vitest';
import { encodeMetadata, logHash } from '../../../../src/consumer/ledger/commit-metadata.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

function write(harness: ConsumeHarness, ids: readonly string[], partition = 0): void {
  for (const id of ids) harness.kafka.append(eventRecord({ partition, eventId: id, aggregate: id }));
}

async function reading(
  harness: ConsumeHarness,
  handle: (id: string) => unknown = () => undefined,
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process = await harness.start((consumer) =>
    consumer.on(Noted, ({ id }) => {
      seen.push(id);
      return handle(id);
    }),
  );
  await harness.clock.advance(2_000);
  return { process, seen };
}

it('a broker that does not answer for a while is told by health, also of partitions that nobody writes to', async () => {
  const harness = new ConsumeHarness();
  const { process } = await reading(harness);
  harness.kafka.faults.lookup = () => true;
  await harness.clock.advance(100_000);
  expect(process.consumer.health()).toEqual({
    status: 'degraded',
    reasons: expect.arrayContaining(['notes/0: the broker does not answer']) as string[],
  });
  harness.kafka.faults.lookup = () => false;
  await harness.clock.advance(40_000);
  expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
});

describe('a position that has left its log', () => {
  it('is told as a loss, and reading goes on at the low end', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a']);
    const { process, seen } = await reading(harness);
    process.member.pause([{ topic: 'notes', partition: 0 }]);
    write(harness, ['b', 'c', 'd']);
    harness.kafka.log('notes').dropBelow(3);
    process.member.resume([{ topic: 'notes', partition: 0 }]);
    await harness.clock.advance(5_000);
    expect(seen).toEqual(['a', 'd']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ fromOffset: 1, toOffset: 3, code: 'RECORDS_LOST' }]);
    expect(harness.committed()).toBe(4);
    expect(process.consumer.health().status).toBe('live');
  });

  it('is found also where the client says nothing, and tried again where the client cannot seek', async () => {
    const harness = new ConsumeHarness(2);
    const { process, seen } = await reading(harness);
    process.member.fail = () => undefined;
    harness.kafka.log('notes', 1).dropBelow(5);
    let refused = 0;
    harness.kafka.faults.seek = () => refused++ < 2;
    await harness.clock.advance(60_500);
    expect(process.logger.of('seekFailed')).toHaveLength(2);
    await harness.clock.advance(1_000);
    write(harness, ['late'], 1);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['late']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ partition: 1, fromOffset: 0, toOffset: 5 }]);
  });

  it('is found in one partition where another does not answer', async () => {
    const harness = new ConsumeHarness(2);
    const { process, seen } = await reading(harness);
    const { member } = process;
    const { logRange } = member;
    member.logRange = (place) =>
      place.partition === 0 ? Promise.reject(new Error('Local: Timed out')) : logRange.call(member, place);
    harness.kafka.log('notes', 1).dropBelow(5);
    write(harness, ['late'], 1);
    await harness.clock.advance(70_000);
    expect(seen).toEqual(['late']);
  });

  it('because its log was cut short: what is written anew at the same offsets is delivered', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c', 'd']);
    const { process, seen } = await reading(harness);
    harness.kafka.log('notes').truncate(2);
    await harness.clock.advance(70_000);
    write(harness, ['c2', 'd2', 'e2']);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'a', 'b', 'c2', 'd2', 'e2']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ fromOffset: 2, toOffset: 4 }]);
    expect(harness.committed()).toBe(5);
  });

  it('because its log was cut short and written on before it is noticed: nothing of it is skipped', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c', 'd']);
    const { process, seen } = await reading(harness);
    harness.kafka.log('notes').truncate(2);
    write(harness, ['c2']);
    await harness.clock.advance(70_000);
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'a', 'b', 'c2']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ fromOffset: 3, toOffset: 4 }]);
  });

  /** Another leader has taken over, without the last records, and has taken others. */
  function rewrite(harness: ConsumeHarness, from: number, ids: readonly string[], partition = 0): void {
    const log = harness.kafka.log('notes', partition);
    log.truncate(from);
    log.leaderEpoch += 1;
    write(harness, ids, partition);
  }

  it('because its log was cut and has grown past it: nothing written anew is skipped, and no other partition is read again', async () => {
    const harness = new ConsumeHarness(2);
    write(harness, ['a', 'b', 'c', 'd']);
    write(harness, ['other'], 1);
    const { process, seen } = await reading(harness);
    rewrite(harness, 2, ['c2', 'd2', 'e2', 'f2']);
    await harness.clock.advance(1_000);
    write(harness, ['more'], 1);
    await harness.clock.advance(1_000);
    expect(seen.filter((id) => !['other', 'more'].includes(id))).toEqual(
      ['a', 'b', 'c', 'd'].concat(['a', 'b', 'c2', 'd2', 'e2', 'f2']),
    );
    expect(seen.filter((id) => ['other', 'more'].includes(id))).toEqual(['other', 'more']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ partition: 0, fromOffset: 3, toOffset: 4 }]);
    expect(harness.committed()).toBe(6);
  });

  it('because its log was cut and has grown past it, and the error is lost: it is found by where reading stands still', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c']);
    const { process, seen } = await reading(harness);
    process.member.fail = () => undefined;
    rewrite(harness, 1, ['b2', 'c2', 'd2']);
    await harness.clock.advance(70_000);
    expect(seen).toEqual(['a', 'b', 'c', 'a', 'b2', 'c2', 'd2']);
  });

  it('because its log was cut behind records that had no owner any more: markers written over are noticed too', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a']);
    harness.kafka.log('notes').skip(2);
    const { seen } = await reading(harness);
    rewrite(harness, 1, ['b2', 'c2', 'd2']);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['a', 'a', 'b2', 'c2', 'd2']);
  });

  it('of a partition of which nothing was read yet: it stands still before records, and is read from the beginning', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c']);
    const kept = { topic: 'notes', partition: 0, offset: 2, metadata: '', leaderEpoch: 3, member: 'before' };
    harness.kafka.group(GROUP).commits.set('notes/0', kept);
    let isHeldBack = true;
    harness.kafka.faults.holdBack = (client) => isHeldBack && client === 'group';
    const { process, seen } = await reading(harness);
    rewrite(harness, 1, ['b2', 'c2', 'd2']);
    process.member.fail({ kind: 'out-of-range', reason: 'of some partition' });
    await harness.clock.advance(6_000);
    isHeldBack = false;
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['a', 'b2', 'c2', 'd2']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ fromOffset: 1, toOffset: 2 }]);
  });

  it('of another partition: what moves is left alone, though nothing was read of it yet', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c']);
    const kept = { topic: 'notes', partition: 0, offset: 2, metadata: '', leaderEpoch: 3, member: 'before' };
    harness.kafka.group(GROUP).commits.set('notes/0', kept);
    let isHeldBack = true;
    harness.kafka.faults.holdBack = (client) => isHeldBack && client === 'group';
    const { process, seen } = await reading(harness);
    process.member.fail({ kind: 'out-of-range', reason: 'of some partition' });
    await harness.clock.advance(2_000);
    isHeldBack = false;
    await harness.clock.advance(8_000);
    expect(seen).toEqual(['c']);
    expect(process.logger.of('recordsLost')).toEqual([]);
  });

  it('because its log was cut, while a record runs that retention has taken: both losses are told', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c']);
    const { process } = await reading(harness, (id) => (id === 'a' ? new Promise(() => undefined) : undefined));
    const log = harness.kafka.log('notes');
    log.dropBelow(1);
    log.truncate(2);
    await harness.clock.advance(70_000);
    expect(process.logger.of('recordsLost')).toMatchObject([
      { fromOffset: 0, toOffset: 1 },
      { fromOffset: 2, toOffset: 3 },
    ]);
    expect(harness.committed()).toBe(2);
  });

  it('because its log was cut, while a commit has no answer: where it begins again is committed all the same', async () => {
    const harness = new ConsumeHarness();
    await reading(harness);
    harness.kafka.faults.commit = () => 'lose-answer';
    write(harness, ['a']);
    await harness.clock.advance(6_000);
    expect(harness.committed()).toBe(1);
    harness.kafka.faults.commit = () => undefined;
    harness.kafka.log('notes').truncate(0);
    await harness.clock.advance(6_000);
    expect(harness.committed()).toBe(0);
  });

  it('because its log was cut before its head, while it recovers below that: nothing written anew is skipped', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b', 'c', 'd', 'e']);
    const progress = { watermark: 1, head: 5, cursors: [], taken: [1, 4].map((start) => ({ start, length: 1 })) };
    const { text } = encodeMetadata(progress, logHash('cluster/notes/0'), 4_000);
    const place = { topic: 'notes', partition: 0 };
    const kept = { ...place, offset: 1, metadata: text, leaderEpoch: 3, member: 'before' };
    harness.kafka.group(GROUP).commits.set('notes/0', kept);
    let isHeldBack = true;
    harness.kafka.faults.holdBack = (client) => isHeldBack && client === 'group';
    const { process, seen } = await reading(harness);
    harness.kafka.log('notes').truncate(3);
    isHeldBack = false;
    await harness.clock.advance(70_000);
    write(harness, ['d2', 'e2', 'f2']);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['b', 'a', 'b', 'c', 'd2', 'e2', 'f2']);
    expect(process.logger.of('recordsLost')).toMatchObject([{ fromOffset: 3, toOffset: 5 }]);
    expect(harness.committed()).toBe(6);
  });

  it('although the log could not be asked at first: it is asked again at once, and every position is set again', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b']);
    const { process, seen } = await reading(harness);
    let seeks = 0;
    harness.kafka.faults.seek = () => {
      seeks += 1;
      return false;
    };
    harness.kafka.faults.lookup = () => true;
    process.member.fail({ kind: 'out-of-range', reason: 'of some partition' });
    await harness.clock.advance(3_000);
    harness.kafka.faults.lookup = () => false;
    await harness.clock.advance(2_000);
    expect(seeks).toBe(2); // of the topic and of its dead letters
    write(harness, ['c']);
    await harness.clock.advance(1_000);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('because its log was cut short under a running handler: the handler’s end finishes nothing new', async () => {
    const harness = new ConsumeHarness();
    let settle: () => void = () => undefined;
    write(harness, ['a', 'b', 'c']);
    const { seen } = await reading(harness, (id) =>
      id === 'c' ? new Promise<void>((resolve) => (settle = resolve)) : undefined,
    );
    harness.kafka.log('notes').truncate(2);
    await harness.clock.advance(70_000);
    write(harness, ['c2']);
    await harness.clock.advance(1_000);
    settle();
    await harness.clock.advance(5_000);
    expect(seen).toEqual(['a', 'b', 'c', 'a', 'b', 'c2']);
    expect(harness.committed()).toBe(3);
  });

  it('is not made up for a position that moves while the log is asked for', async () => {
    const harness = new ConsumeHarness();
    const { process, seen } = await reading(harness);
    harness.kafka.delays.lookup = 500;
    const writing = Array.from({ length: 300 }, (_, index) => `e${index}`);
    for (const id of writing) {
      write(harness, [id]);
      if (id.endsWith('0')) process.member.fail({ kind: 'out-of-range', reason: 'of another partition' });
      await harness.clock.advance(50);
    }
    await harness.clock.advance(2_000);
    expect(seen).toEqual(writing);
    expect(process.logger.of('recordsLost')).toEqual([]);
  });
});

describe('retention that comes near', () => {
  it('is told before it reaches a parked tenant’s records, once, and health says so', async () => {
    const harness = new ConsumeHarness();
    write(
      harness,
      Array.from({ length: 200 }, (_, index) => `e${index}`),
    );
    let holds = true;
    const process = await harness.start(
      (consumer) => consumer.on(Noted, () => (holds ? new Promise<void>(() => undefined) : undefined)),
      { options: { maxBufferedRecords: 20, handlerTimeoutMs: 86_400_000 } },
    );
    await harness.clock.advance(61_000);
    expect(process.logger.of('retentionNear')).toEqual([]);
    holds = false;
    harness.kafka.log('notes').dropBelow(1);
    await harness.clock.advance(61_000);
    expect(process.logger.of('retentionNear')).toMatchObject([
      { partition: 0, offset: expect.any(Number), lowOffset: 1 },
    ]);
    expect(process.consumer.health()).toMatchObject({ status: 'degraded' });
  });
});

describe('threat 53: records that the client does not bring', () => {
  it('make their partition stuck, by name, while others flow, and no longer once they come', async () => {
    const harness = new ConsumeHarness(2);
    const { process, seen } = await reading(harness);
    const { member } = process;
    const { poll } = member;
    let broken = true;
    member.poll = async (max) => {
      const records = await poll.call(member, broken ? 0 : max);
      return records;
    };
    write(harness, ['never'], 0);
    process.member.fail({ kind: 'unreadable', reason: 'Local: Message size too large' });
    await harness.clock.advance(125_000);
    expect(process.consumer.health()).toMatchObject({
      status: 'stuck',
      reasons: [expect.stringMatching(/^notes\/0: there are records at offset 0, /)],
    });
    broken = false;
    await harness.clock.advance(60_000);
    expect(seen).toEqual(['never']);
    expect(process.consumer.health().status).toBe('live');
  });
});
