// A batch that no client can read, given up on purpose, on the whole engine over a fake cluster.
import { describe, expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

async function reading(harness: ConsumeHarness, seen: string[], handlerMs = 0): Promise<ConsumerProcess> {
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async ({ id }) => {
        seen.push(id);
        if (handlerMs > 0) await delay(process.clock, handlerMs);
      }),
    { options: { maxBufferedRecords: 16, commitIntervalMs: 100 } },
  );
  return process;
}

function write(harness: ConsumeHarness, ids: readonly string[], tenant = 'acme'): void {
  for (const id of ids) harness.kafka.append(eventRecord({ tenant, aggregate: id, eventId: id, partition: 0 }));
}

const ids = (prefix: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `${prefix}${from + at}`);

describe('threat 53: a batch that cannot be read', () => {
  it('is passed over once it is given up, and reported; what is before and behind it is handled', async () => {
    const harness = new ConsumeHarness();
    write(harness, ids('a', 0, 9));
    harness.kafka.log('notes').unreadable = { from: 3, until: 6 };
    const seen: string[] = [];
    const process = await reading(harness, seen);
    await harness.clock.advance(125_000);
    expect([seen, process.consumer.health().status]).toEqual([ids('a', 0, 3), 'stuck']);
    const given = { topic: 'notes', partition: 0, from: 3, to: 6 };
    await harness.clock.advanceUntil(process.consumer.skipUnreadable(given));
    await harness.clock.advance(61_000);
    expect(seen).toEqual([...ids('a', 0, 3), ...ids('a', 6, 9)]);
    expect([harness.committed(), process.consumer.health().status]).toEqual([9, 'live']);
    expect(process.logger.of('recordsLost')).toMatchObject([
      { topic: 'notes', partition: 0, fromOffset: 3, toOffset: 6, code: 'RECORDS_LOST' },
    ]);
  });

  it('given up too short stands still again, and a range that can be read is read', async () => {
    const harness = new ConsumeHarness();
    write(harness, ids('a', 0, 9));
    harness.kafka.log('notes').unreadable = { from: 3, until: 6 };
    const seen: string[] = [];
    const process = await reading(harness, seen);
    await harness.clock.advance(1_000);
    for (const [from, to] of [
      [0, 2],
      [3, 5],
    ] as const) {
      const given = { topic: 'notes', partition: 0, from, to };
      await harness.clock.advanceUntil(process.consumer.skipUnreadable(given));
    }
    await harness.clock.advance(300_000);
    expect([seen, process.consumer.health().status]).toEqual([ids('a', 0, 3), 'stuck']);
    await harness.clock.advanceUntil(process.consumer.skipUnreadable({ topic: 'notes', partition: 0, from: 5, to: 6 }));
    await harness.clock.advance(125_000);
    expect(seen).toEqual([...ids('a', 0, 3), ...ids('a', 6, 9)]);
    expect(process.logger.of('recordsLost').map(({ fromOffset, toOffset }) => [fromOffset, toOffset])).toEqual([
      [3, 5],
      [5, 6],
    ]);
  });

  it('holds no parked tenant either, also in a member that starts later', async () => {
    const harness = new ConsumeHarness();
    const seen: string[] = [];
    write(harness, ids('a', 0, 40));
    const first = await reading(harness, seen, 100);
    await harness.clock.advance(300);
    expect(first.consumer.lag()).toMatchObject([{ tenantId: 'acme', parked: true }]);
    // The head has passed it; the tenant's own cursor has not.
    harness.kafka.log('notes').unreadable = { from: 30, until: 33 };
    await harness.clock.advanceUntil(first.consumer.skipUnreadable({ topic: 'notes', partition: 0, from: 30, to: 33 }));
    first.kill();
    harness.kafka.group('_shared.readers').lose(first.member, undefined);
    const second = await reading(harness, seen);
    await harness.clock.advance(60_000);
    expect(new Set(seen)).toEqual(new Set([...ids('a', 0, 30), ...ids('a', 33, 40)]));
    expect(harness.committed()).toBe(40);
    expect(second.logger.of('recordsLost')).toMatchObject([{ fromOffset: 30, toOffset: 33 }]);
  });

  it('is not what a broker that was away makes of a range that was given up too wide', async () => {
    const harness = new ConsumeHarness();
    const seen: string[] = [];
    const process = await reading(harness, seen, 50);
    const given = { topic: 'notes', partition: 0, from: 0, to: 1_000 };
    await harness.clock.advanceUntil(process.consumer.skipUnreadable(given));
    write(harness, ids('a', 0, 400));
    await harness.clock.advance(500);
    const { faults } = harness.kafka;
    [faults.holdBack, faults.lookup] = [() => true, () => true];
    await harness.clock.advance(60_000);
    [faults.holdBack, faults.lookup] = [() => false, () => false];
    await harness.clock.advance(120_000);
    expect([new Set(seen).size, process.logger.of('recordsLost')]).toEqual([400, []]);
  });

  it('is not what a slow fetch and faults of other partitions make of it either', async () => {
    const harness = new ConsumeHarness();
    const seen: string[] = [];
    const process = await reading(harness, seen);
    const given = { topic: 'notes', partition: 0, from: 0, to: 1_000 };
    await harness.clock.advanceUntil(process.consumer.skipUnreadable(given));
    write(harness, ids('a', 0, 3));
    await harness.clock.advance(95_000);
    harness.kafka.faults.holdBack = (client) => client === 'group';
    write(harness, ids('b', 0, 3));
    for (let at = 0; at < 3; at += 1) {
      process.member.fail({ kind: 'unreadable', reason: 'Local: Bad message format' });
      await harness.clock.advance(105);
    }
    harness.kafka.faults.holdBack = () => false;
    await harness.clock.advance(120_000);
    expect([seen.length, process.logger.of('recordsLost')]).toEqual([6, []]);
  });

  it('is refused for a topic that the group does not read, and for a range that is none', async () => {
    const harness = new ConsumeHarness();
    const process = await reading(harness, []);
    const skip = (topic: string, from: number, to: number): Promise<void> =>
      harness.clock.advanceUntil(process.consumer.skipUnreadable({ topic, partition: 0, from, to }));
    await expect(skip('elsewhere', 0, 1)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await expect(skip('notes', 1, 1)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
