// What the members of a group are told and leave behind. The embedded broker takes a session time-out for each.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { deferred } from '../../../src/core/deferred.js';
import type { GroupConsumer, TopicPartition, Transport } from '../../../src/transport/port.js';
import { makeTransport, Member, newTopic, produce, record, until } from '../transport/harness.js';

/** A member of a classic group hears of a rebalance with its next heartbeat, by default every 3 s. */
function transportOf(groupProtocol: 'classic' | 'consumer'): Transport {
  const librdkafka = groupProtocol === 'classic' ? { consumer: { 'heartbeat.interval.ms': 300 } } : {};
  return makeTransport(inject('kafkaBrokers').split(','), { groupProtocol, librdkafka });
}

/** A member that remembers what it was told. */
class ToldMember extends Member {
  readonly told: string[] = [];
  /** Revocations are answered once this has come. */
  answerRevocationsAfter: Promise<unknown> = Promise.resolve();

  override onAssigned(partitions: readonly TopicPartition[]): void {
    this.told.push(`assigned ${partitions.map(({ partition }) => partition).join()}`);
    super.onAssigned(partitions);
  }

  override onRevoked(partitions: readonly TopicPartition[]): void {
    this.told.push(`revoked ${partitions.map(({ partition }) => partition).join()}`);
    void this.answerRevocationsAfter.then(() => {
      super.onRevoked(partitions);
    });
  }
}

describe.each(['consumer', 'classic'] as const)('a group (%s)', (groupProtocol) => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  async function newGroup(
    partitions: number,
  ): Promise<{ transport: Transport; topic: string; join: () => GroupConsumer }> {
    const transport = transportOf(groupProtocol);
    const topic = await newTopic(transport, partitions);
    const group = { groupId: `g-${randomUUID()}`, topics: [topic], clientIdSuffix: '' };
    return { transport, topic, join: () => transport.createGroupConsumer(group) };
  }

  async function started<T extends Member>(member: T): Promise<T> {
    await member.start();
    cleanups.push(() => member.stop());
    return member;
  }

  it('tells a member that there is nothing for it, and does not wait for it once it has left', async () => {
    const { join } = await newGroup(1);
    const owner = await started(new ToldMember(join()));
    await until(() => owner.owned.size === 1);
    const idle = new ToldMember(join());
    await idle.start();
    await until(() => idle.told.includes('assigned '));
    expect(idle.owned.size).toBe(0);
    await until(() => !idle.consumer.isRejoining && !owner.consumer.isRejoining);
    await idle.stop();
    const heir = await started(new ToldMember(join()));
    await owner.stop();
    // A member that is gone without a word would hold the group up for its session of 45 s.
    await until(() => heir.owned.size === 1, 15_000);
  });

  it.each([0, 1])(
    'lets a member go that has not heard yet that %i partitions are given to it',
    async (count) => {
      const { join } = await newGroup(1);
      const owner = await started(new ToldMember(join()));
      await until(() => owner.owned.size === 1);
      if (count === 1) await owner.stop();
      const member = new ToldMember(join());
      await member.consumer.connect(member);
      // It is given them while it does not listen.
      await sleep(3_000);
      await member.stop(60_000);
      expect(member.told.filter((event) => event !== 'assigned ')).toEqual([]);
    },
    30_000,
  );

  it('takes an assignment in parts, and what was revoked before its turn not at all', async () => {
    const { transport, topic, join } = await newGroup(2);
    const producer = transport.createProducer();
    await producer.connect();
    cleanups.push(() => producer.disconnect(1_000));
    await producer.partitionCount(topic);
    for (const partition of [0, 1]) await produce(producer, record(topic, partition));

    const first = new Member(join());
    const [early, late] = [0, 1].map((partition) => ({ topic, partition, offset: 0, leaderEpoch: undefined }));
    first.onAssigned = (partitions): void => {
      if (partitions.length === 2) first.consumer.assign([early!]);
      else if (partitions.length > 0) first.consumer.assign([late!]);
    };
    await started(first);
    await until(() => first.records.length === 1);
    first.consumer.assign([late!]);
    await until(() => first.records.length === 2);

    // Again, and this time another member takes one before the second part.
    const second = await started(new Member(join()));
    await until(() => second.owned.size === 1 && !first.consumer.isRejoining);
    const taken = Number([...second.owned][0]!.split('/')[1]);
    first.consumer.assign([{ topic, partition: taken, offset: 0, leaderEpoch: undefined }]);
    await produce(producer, record(topic, taken));
    await until(() => second.records.length > 0);
    expect(first.records).toHaveLength(2);
    expect([...first.faults, ...second.faults]).toEqual([]);
  });
});

it('a member of a classic group knows that it waits where another keeps the group waiting', async () => {
  const transport = transportOf('classic');
  const group = { groupId: `g-${randomUUID()}`, topics: [await newTopic(transport, 4)], clientIdSuffix: '' };
  const members: ToldMember[] = [];
  const join = async (): Promise<ToldMember> => {
    const member = await new ToldMember(transport.createGroupConsumer(group)).start();
    members.push(member);
    return member;
  };
  const revocations = ({ told }: ToldMember): number => told.filter((event) => event.startsWith('revoked')).length;

  const first = await join();
  await until(() => first.owned.size === 4);
  const second = await join();
  await until(() => second.owned.size === 2 && !first.consumer.isRejoining);
  const answers = deferred<undefined>();
  for (const member of [first, second]) member.answerRevocationsAfter = answers.promise;
  const before = [revocations(first), revocations(second)];
  await join();
  // One of them, the group decides which, is to give a partition away, and does not answer yet.
  await until(() => revocations(first) > before[0]! || revocations(second) > before[1]!);
  const patient = revocations(first) > before[0]! ? second : first;
  const told = revocations(patient);
  await join();
  await until(() => patient.consumer.isRejoining);
  // Nothing of its own moves; it may still be told that the group had nothing more for it.
  expect(revocations(patient)).toBe(told);
  answers.resolve(undefined);
  await until(() => members.every(({ owned, consumer }) => owned.size === 1 && !consumer.isRejoining), 40_000);
  expect(members.flatMap(({ faults }) => faults)).toEqual([]);
  for (const member of members) await member.stop();
}, 90_000);
