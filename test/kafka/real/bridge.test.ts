// examples/bridge against what only a real Kafka can do to the old topic.
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, it, vi } from 'vitest';
import { OldTopic } from '../../../examples/bridge/old-topic.js';

it('never takes a topic for bridged that has got more partitions', async () => {
  const brokers = inject('kafkaBrokers');
  const topic = `old-${randomUUID()}`;
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const old = await OldTopic.open(brokers.split(','), topic, `bridge-${randomUUID()}`);
  expect(await old.isAtEnd()).toBe(true);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
  await admin.disconnect();
  await expect(old.isAtEnd()).rejects.toThrow(`${topic} had 1 partitions and has 2 now: start the bridge again`);
  await old.close();
});

it('comes to the end of a topic whose last offset is the end of a transaction, and commits it', async () => {
  const brokers = inject('kafkaBrokers');
  const topic = `old-${randomUUID()}`;
  const plain = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = plain.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const producer = plain.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value: 'one' }] });
  await transaction.commit();
  await producer.disconnect();
  const groupId = `bridge-${randomUUID()}`;
  const old = await OldTopic.open(brokers.split(','), topic, groupId);
  let records = 0;
  await vi.waitFor(
    async () => {
      records += (await old.read(10)).length;
      await old.commit(new AbortController().signal);
      expect(await old.isAtEnd()).toBe(true);
    },
    { timeout: 20_000 },
  );
  expect(records).toBe(1);
  await old.close();
  const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  expect(partitions.map(({ offset }) => offset)).toEqual(['2']);
  await admin.disconnect();
});

it('takes no topic that was made anew for one that is bridged', async () => {
  const brokers = inject('kafkaBrokers');
  const topic = `old-${randomUUID()}`;
  const groupId = `bridge-${randomUUID()}`;
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '5' }] });
  await admin.disconnect();
  await expect(OldTopic.open(brokers.split(','), topic, groupId)).rejects.toThrow(
    `${topic}/0 ends at 0 and is committed to 5: was it made anew?`,
  );
});
