// What any Kafka must show of where reading begins, moves and ends. Run against the embedded broker and a real one.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../../../src/record/wire-record.js';
import type { PartitionReader, RecordProducer, Transport } from '../../../src/transport/port.js';
import { cleanedUp, makeTransport, Member, newTopic, produce, Reading, record, until } from './harness.js';

const PARTITIONS = 4;

export function describeReadingContract(name: string, brokers: () => string[]): void {
  describe(`reading on ${name}`, () => {
    const { cleanups, newProducer } = cleanedUp();

    async function newReader(transport: Transport): Promise<{ reader: PartitionReader; reading: Reading }> {
      const reader = transport.createReader({ groupId: `g-${randomUUID()}`, clientIdSuffix: 'test' });
      const reading = new Reading(reader);
      await reader.connect(reading);
      cleanups.push(() => reader.disconnect(5_000));
      return { reader, reading };
    }

    async function fill(producer: RecordProducer, topic: string, partition: number, count: number): Promise<void> {
      await producer.partitionCount(topic);
      const value = Buffer.alloc(100, 'v');
      await Promise.all(Array.from({ length: count }, () => produce(producer, record(topic, partition, { value }))));
    }

    /** Reads on until there is something, and checks that it begins there and leaves nothing out. */
    async function expectFrom(reading: Reading, partition: number, offset: number): Promise<number> {
      const records = await reading.next();
      expect(records.map((received) => received.partition)).toEqual(records.map(() => partition));
      expect(records.map((received) => received.offset)).toEqual(records.map((_, index) => offset + index));
      return offset + records.length;
    }

    it('tells the end of each log, once nothing that lies before it is still to come', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      await fill(producer, topic, 0, 500);
      const member = new Member(
        transport.createGroupConsumer({ groupId: `g-${randomUUID()}`, topics: [topic], clientIdSuffix: '' }),
        7,
      );
      // What the polls before the one that tells have brought; that one may bring the rest.
      let polledAtEnd = -1;
      member.onEnd = ({ partition }, offset): void => {
        if (partition === 0 && offset === 500) polledAtEnd = member.records.length;
        member.ends.push(`${topic}/${partition}@${offset}`);
      };
      await member.start();
      cleanups.push(() => member.stop());
      await until(() => member.ends.length >= PARTITIONS);
      expect(member.ends).toEqual(expect.arrayContaining([`${topic}/0@500`, `${topic}/1@0`, `${topic}/3@0`]));
      expect(polledAtEnd).toBeGreaterThanOrEqual(500 - 7);
      expect(member.records).toHaveLength(500);
      await produce(producer, record(topic, 0));
      await until(() => member.ends.includes(`${topic}/0@501`));
    });

    it('tells an end again after a seek to it, and none from before a seek', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      await fill(await newProducer(transport), topic, 0, 200);
      const { reader, reading } = await newReader(transport);
      const at = { topic, partition: 0, leaderEpoch: undefined };
      await reader.read({ ...at, offset: 200 });
      await reading.untilEnd(`${topic}/0@200`);
      for (let round = 0; round < 30; round++) {
        await reader.read({ ...at, offset: 200 });
        // Long enough for the end to wait in the client's queue, in every other round.
        await sleep(round % 2 === 0 ? 0 : 60);
        reading.ends.length = 0;
        await reader.read({ ...at, offset: 3 });
        await expectFrom(reading, 0, 3);
        expect(reading.ends.filter((end) => !end.endsWith('@200'))).toEqual([]);
        if (reading.ends.length > 0) expect(reading.lastOffset).toBe(199);
      }
    });

    it('reads a partition from wherever it is told, without a gap and without a record from before', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const count = 20_000;
      await fill(await newProducer(transport), topic, 0, count);
      const { reader, reading } = await newReader(transport);
      const read = (offset: number): Promise<void> =>
        reader.read({ topic, partition: 0, offset, leaderEpoch: undefined });
      const anywhere = (): number => Math.floor(Math.random() * count);
      for (let round = 0; round < 300; round++) {
        let position = anywhere();
        if (round % 11 === 0) {
          reader.leave({ topic, partition: 0 });
          expect(await reader.poll(100)).toEqual([]);
        }
        // A poll that has begun brings what it likes, but it brings it before the read is done.
        const before: Promise<readonly ReceivedRecord[]> = round % 3 === 0 ? reader.poll(100) : Promise.resolve([]);
        let isMoved = false;
        void before.then(() => {
          expect(isMoved).toBe(false);
        });
        for (let more = round % 4; more > 0; more--) void read(anywhere());
        await read(position);
        isMoved = true;
        await before;
        for (let polls = round % 5; polls >= 0 && position < count; polls--) {
          position = await expectFrom(reading, 0, position);
        }
      }
      expect(reading.faults).toEqual([]);
    }, 120_000);

    it('reads several partitions, each in order, and leaves one alone', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      await fill(producer, topic, 0, 3_000);
      await fill(producer, topic, 1, 3_000);
      const { reader, reading } = await newReader(transport);
      await reader.read({ topic, partition: 0, offset: 100, leaderEpoch: undefined });
      await reader.read({ topic, partition: 1, offset: 200, leaderEpoch: undefined });
      const next = [100, 200];
      while (next[1]! < 3_000) {
        for (const { partition, offset } of await reading.next()) {
          expect(offset).toBe(next[partition]);
          next[partition] = offset + 1;
        }
      }
      reader.leave({ topic, partition: 0 });
      reading.ends.length = 0;
      await fill(producer, topic, 0, 1);
      await fill(producer, topic, 1, 1);
      await reading.untilEnd(`${topic}/1@3001`);
      expect(reading.ends.filter((end) => end.startsWith(`${topic}/0@`))).toEqual([]);
    });

    it('reports a position outside the log to whoever reads, and reads on from another', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      await fill(await newProducer(transport), topic, 0, 10);
      const { reader, reading } = await newReader(transport);
      await reader.read({ topic, partition: 0, offset: 1_000, leaderEpoch: undefined });
      while (reading.faults.length === 0) await reading.pollOnce();
      expect(reading.faults[0]).toMatchObject({ kind: 'out-of-range' });
      await reader.read({ topic, partition: 0, offset: 4, leaderEpoch: undefined });
      await expectFrom(reading, 0, 4);
    });
  });
}
