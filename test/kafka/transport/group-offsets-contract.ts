// What any Kafka must show of a group to somebody who is no member. Run against the embedded broker and a real one.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CommitRequest, GroupOffsets, Transport } from '../../../src/transport/port.js';
import { cleanedUp, makeTransport, newTopic, produce, record } from './harness.js';

const TIMEOUT_MS = 10_000;

export function describeGroupOffsetsContract(name: string, brokers: () => string[]): void {
  describe(`offsets of a group on ${name}`, () => {
    const { cleanups } = cleanedUp();

    async function open(transport: Transport, groupId: string): Promise<GroupOffsets> {
      const offsets = transport.createGroupOffsets(groupId);
      await offsets.connect();
      cleanups.push(() => offsets.disconnect(TIMEOUT_MS));
      return offsets;
    }

    function request(topic: string, partition: number, offset: number, metadata = ''): CommitRequest {
      return { topic, partition, offset, metadata, leaderEpoch: undefined };
    }

    async function filledTopic(transport: Transport): Promise<string> {
      const topic = await newTopic(transport, 4);
      const producer = transport.createProducer();
      await producer.connect();
      for (const timestampMs of [1_000, 2_000, 3_000]) await produce(producer, record(topic, 0, { timestampMs }));
      await producer.disconnect(TIMEOUT_MS);
      return topic;
    }

    it('tells what a group has committed, and sets it with its metadata', async () => {
      const transport = makeTransport(brokers());
      const topic = await filledTopic(transport);
      const offsets = await open(transport, `g-${randomUUID()}`);
      const places = [0, 1].map((partition) => ({ topic, partition }));
      expect(await offsets.committed(places, TIMEOUT_MS)).toMatchObject([{ offset: undefined }, { offset: undefined }]);
      expect(await offsets.partitionCount(topic, TIMEOUT_MS)).toBe(4);
      expect(await offsets.logRange({ topic, partition: 0 }, TIMEOUT_MS)).toEqual({ lowOffset: 0, highOffset: 3 });
      await offsets.commit([request(topic, 0, 2, 't1AAAA.'), request(topic, 1, 0)], TIMEOUT_MS);
      expect(await offsets.committed(places, TIMEOUT_MS)).toMatchObject([
        { partition: 0, offset: 2, metadata: 't1AAAA.' },
        { partition: 1, offset: 0, metadata: '' },
      ]);
      await offsets.commit([request(topic, 0, 1)], TIMEOUT_MS);
      expect(await offsets.committed(places, TIMEOUT_MS)).toMatchObject([{ offset: 1, metadata: '' }, { offset: 0 }]);
    });

    it('fails for a topic that does not exist', async () => {
      const offsets = await open(makeTransport(brokers()), `g-${randomUUID()}`);
      await expect(offsets.partitionCount('no-such-topic', TIMEOUT_MS)).rejects.toMatchObject({
        code: 'TOPIC_NOT_FOUND',
      });
    });

    it('has no members of a group that nobody knows', async () => {
      const offsets = await open(makeTransport(brokers()), `g-${randomUUID()}`);
      expect(await offsets.hasMembers(TIMEOUT_MS)).toBe(false);
    });
  });
}
