// What any Kafka must show through the port. Run against the embedded broker and against a real one.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WireHeader } from '../../../src/record/wire-record.js';
import type { TransportOptions } from '../../../src/transport/options.js';
import type { Delivery, Transport } from '../../../src/transport/port.js';
import { cleanedUp, makeTransport, Member, newTopic, produce, record, until } from './harness.js';

const GROUP_PROTOCOLS = ['consumer', 'classic'] as const;
const PARTITIONS = 4;

/** The embedded broker ends a classic rebalance only a second before the session time-out. */
function groupOptions(groupProtocol: 'classic' | 'consumer'): Partial<TransportOptions> {
  const consumer = { 'session.timeout.ms': 3_000, 'heartbeat.interval.ms': 300 };
  return { groupProtocol, ...(groupProtocol === 'classic' && { librdkafka: { consumer } }) };
}

export function describeTransportContract(name: string, brokers: () => string[]): void {
  describe(`the transport on ${name}`, () => {
    const { cleanups, newProducer } = cleanedUp();

    async function newMember(transport: Transport, topic: string, groupId = `g-${randomUUID()}`): Promise<Member> {
      const group = { groupId, topics: [topic], clientIdSuffix: 'test' };
      const member = await new Member(transport.createGroupConsumer(group)).start();
      cleanups.push(() => member.stop());
      return member;
    }

    it('creates topics once and describes those that exist', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const admin = transport.createAdmin();
      await admin.connect();
      cleanups.push(() => admin.disconnect());
      const definition = { topic, partitions: PARTITIONS, replicationFactor: 1, config: {} };
      expect(await admin.createTopics([definition], 10_000)).toEqual([]);
      expect(await admin.describeTopics([topic, 'no-such-topic'], 5_000)).toEqual(new Map([[topic, PARTITIONS]]));
      // Asking must not have made it.
      expect(await admin.describeTopics(['no-such-topic'], 5_000)).toEqual(new Map());
      const shape = await admin.describeCluster(5_000);
      expect(shape.brokers.length).toBeGreaterThan(0);
      expect(shape.topics.get(topic)).toEqual({
        partitions: PARTITIONS,
        replicationFactor: expect.any(Number) as number,
      });
      expect(shape.topics.has('no-such-topic')).toBe(false);
    });

    it('tells how many partitions a topic has, at once when it is known', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      expect(await producer.partitionCount(topic)).toBe(PARTITIONS);
      expect(producer.partitionCount(topic)).toBe(PARTITIONS);
      await expect(producer.partitionCount('no-such-topic')).rejects.toMatchObject({
        code: 'TOPIC_NOT_FOUND',
        topics: ['no-such-topic'],
      });
    });

    it('knows the end of a log from its last fetch', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      for (let index = 0; index < 20; index += 1) await produce(producer, record(topic, 0));
      const member = await newMember(transport, topic);
      expect(member.consumer.knownEnd({ topic: 'no-such-topic', partition: 0 })).toBeUndefined();
      await until(() => member.records.length === 20);
      expect(member.consumer.knownEnd({ topic, partition: 0 })).toBe(20);
      await member.stop();
      expect(member.consumer.knownEnd({ topic, partition: 0 })).toBeUndefined();
    });

    it('threat 18, 54: carries keys, values and headers byte for byte', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      const headers = [
        { name: '__proto__', value: Buffer.from('first') },
        { name: 'constructor', value: Buffer.from('c') },
        { name: 'toString', value: Buffer.alloc(0) },
        { name: '__proto__', value: Buffer.from([0, 255, 0]) },
        { name: 'twice', value: Buffer.from('1') },
        { name: 'twice', value: Buffer.from('2') },
        { name: '', value: Buffer.from('no name') },
        { name: '7', value: Buffer.from('a number') },
        { name: 'grüße', value: Buffer.from('größe') },
      ];
      const timestampMs = Date.now() - 5_000;
      const sent = [
        record(topic, 0, { key: Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0x3a, 0x62]), headers, timestampMs }),
        record(topic, 0, { key: Buffer.from('a\0b'), value: Buffer.from('\0\0') }),
        record(topic, 0, { key: Buffer.alloc(0), value: null }),
        record(topic, 0, { key: null, value: Buffer.alloc(0) }),
      ];
      const before = Date.now();
      const deliveries = await Promise.all(sent.map((outgoing) => produce(producer, outgoing)));
      expect(deliveries).toEqual(sent.map((_, offset) => ({ partition: 0, offset })));

      const member = await newMember(transport, topic);
      await until(() => member.records.length === sent.length);
      expect(member.records.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(
        sent.map(({ key, value, headers }) => ({ key, value, headers })),
      );
      expect(member.records[0]?.timestampMs).toBe(timestampMs);
      expect(member.records[1]?.timestampMs).toBeGreaterThanOrEqual(before);
      expect(Object.getPrototypeOf({})).toBe(Object.prototype);

      // What was received can be sent on as it is.
      const { key, value, headers: copied } = member.records[0]!;
      await produce(producer, record(topic, 1, { key, value, headers: copied }));
      await until(() => member.records.length === sent.length + 1);
      expect(member.records.at(-1)?.headers).toEqual(headers);
      await sleep(50);
      expect(member.records).toHaveLength(sent.length + 1);
    });

    it('threat 19: carries 5,000 headers; of 200,000 the client shows none', async () => {
      const transport = makeTransport(brokers(), { maxRecordBytes: 8_000_000 });
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      const manyHeaders = (count: number): WireHeader[] =>
        Array.from({ length: count }, (_, i) => ({ name: `h${i}`, value: Buffer.from(String(i % 10)) }));
      const headers = manyHeaders(5_000);
      await produce(producer, record(topic, 0, { headers }));
      const expected = [headers.length];
      if (name !== 'a real Kafka') {
        // A broker with its default limits refuses this one.
        expect(await produce(producer, record(topic, 0, { headers: manyHeaders(200_000) }))).toMatchObject({
          offset: 1,
        });
        // It is the native client that shows none.
        expected.push(name === 'a Kafka in memory' ? 200_000 : 0);
      }
      const member = await newMember(transport, topic);
      await until(() => member.records.length === expected.length);
      expect(member.records.map((received) => received.headers.length)).toEqual(expected);
      expect(member.records[0]?.headers).toEqual(headers);
    });

    it('keeps the order of each partition', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      const count = 4_000;
      const deliveries: Promise<Delivery>[] = [];
      for (let i = 0; i < count; i++) {
        deliveries.push(produce(producer, record(topic, i % PARTITIONS, { value: Buffer.from(String(i)) })));
      }
      expect((await Promise.all(deliveries)).filter(({ failure }) => failure !== undefined)).toEqual([]);
      const member = await newMember(transport, topic);
      await until(() => member.records.length === count);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const values = member.records.filter((r) => r.partition === partition).map((r) => Number(r.value?.toString()));
        expect(values).toEqual(Array.from({ length: count / PARTITIONS }, (_, i) => i * PARTITIONS + partition));
      }
      await until(() => member.readable > 0);
    });

    it('finds offsets by time and by the ends of the log', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      const start = Date.now() - 10_000;
      for (let i = 0; i < 3; i++) await produce(producer, record(topic, 2, { timestampMs: start + i * 1_000 }));
      const member = await newMember(transport, topic);
      await until(() => member.records.length === 3);
      const partition = { topic, partition: 2 };
      expect(await member.consumer.logRange(partition, 5_000)).toEqual({ lowOffset: 0, highOffset: 3 });
      expect(await member.consumer.offsetForTime({ topic, partition: 3 }, start, 5_000)).toBeUndefined();
      expect(member.consumer.logIdentity(partition)).toContain(topic);
      expect(await member.consumer.partitionCount(topic, 5_000)).toBe(PARTITIONS);
      await expect(member.consumer.partitionCount('no-such-topic', 5_000)).rejects.toMatchObject({
        code: 'TOPIC_NOT_FOUND',
        topics: ['no-such-topic'],
      });
    });

    it.each(GROUP_PROTOCOLS)('commits offsets with metadata of 4,000 characters (%s)', async (groupProtocol) => {
      const transport = makeTransport(brokers(), groupOptions(groupProtocol));
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      for (let i = 0; i < 3; i++) await produce(producer, record(topic, 1));
      const groupId = `g-${randomUUID()}`;
      const member = await newMember(transport, topic, groupId);
      await until(() => member.records.length === 3);
      const { leaderEpoch } = member.records[2]!;
      const metadata = `${'0123456789'.repeat(399)}012345678~`;
      const at = { topic, partition: 1, leaderEpoch };
      expect(metadata).toHaveLength(4_000);
      expect(await member.consumer.commit({ ...at, offset: 2, metadata })).toEqual({ ok: true });
      // The same offset again, with other metadata, and two at once.
      expect(
        await Promise.all([
          member.consumer.commit({ ...at, offset: 2, metadata: 'a~' }),
          member.consumer.commit({ ...at, offset: 3, metadata }),
        ]),
      ).toEqual([{ ok: true }, { ok: true }]);
      const [committed, none] = await member.consumer.committed([at, { topic, partition: 0 }], 5_000);
      expect(committed).toMatchObject({ topic, partition: 1, offset: 3, metadata });
      expect(none).toMatchObject({ partition: 0, offset: undefined, metadata: '', leaderEpoch: undefined });

      expect(await member.consumer.commit({ ...at, offset: 1, metadata: 'back~' })).toEqual({ ok: true });
      const wrong = name === 'a real Kafka' ? { metadata: 'x'.repeat(5_000) } : { metadata: '~', leaderEpoch: 99 };
      expect(await member.consumer.commit({ ...at, offset: 1, ...wrong })).toMatchObject({ ok: false });
      expect(await member.consumer.committed([at], 5_000)).toMatchObject([{ offset: 1, metadata: 'back~' }]);
    });

    it('reports metadata over the limit of the broker', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      await produce(producer, record(topic, 0));
      const member = await newMember(transport, topic);
      await until(() => member.records.length === 1);
      const request = { topic, partition: 0, offset: 1, leaderEpoch: undefined, metadata: 'x'.repeat(5_000) };
      const result = await member.consumer.commit(request);
      if (name === 'a real Kafka') expect(result).toMatchObject({ ok: false, metadataTooLarge: true });
    });

    it.each(GROUP_PROTOCOLS)(
      'threat 44: loses nothing when rebalances are answered late (%s)',
      { timeout: 60_000 },
      async (groupProtocol) => {
        const transport = makeTransport(brokers(), groupOptions(groupProtocol));
        const topic = await newTopic(transport, PARTITIONS);
        const producer = await newProducer(transport);
        const groupId = `g-${randomUUID()}`;
        const seen = new Map<string, number>();
        const commitEach = (member: Member): void => {
          member.answerDelayMs = 300;
          member.onRecord = (received, consumer) => {
            const { topic: from, partition, offset, leaderEpoch } = received;
            const key = `${partition}/${offset}`;
            seen.set(key, (seen.get(key) ?? 0) + 1);
            void consumer.commit({ topic: from, partition, offset: offset + 1, metadata: '~', leaderEpoch });
          };
        };
        const send = async (count: number): Promise<void> => {
          await Promise.all(Array.from({ length: count }, (_, i) => produce(producer, record(topic, i % PARTITIONS))));
        };
        const group = { groupId, topics: [topic], clientIdSuffix: '' };
        const first = new Member(transport.createGroupConsumer(group));
        commitEach(first);
        await first.start();
        cleanups.push(() => first.stop());
        await send(400);
        await until(() => first.owned.size === PARTITIONS);

        const second = new Member(transport.createGroupConsumer(group));
        commitEach(second);
        await second.start();
        await send(400);
        await until(() => second.owned.size === PARTITIONS / 2 && first.owned.size === PARTITIONS / 2);
        await send(400);
        await until(() => seen.size === 1_200);
        expect(second.records.length).toBeGreaterThan(0);
        await second.stop();
        await until(() => first.owned.size === PARTITIONS, 30_000);
        await send(400);
        await until(() => seen.size === 1_600);
        // What was committed is not read again; commits on their way during a rebalance may be lost.
        expect([...seen.values()].reduce((sum, times) => sum + times)).toBeLessThan(2_000);
        expect(first.faults.concat(second.faults)).toEqual([]);
      },
    );

    it('reports a position outside the log and goes on after a seek', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      for (let i = 0; i < 3; i++) await produce(producer, record(topic, 0));
      const group = { groupId: `g-${randomUUID()}`, topics: [topic], clientIdSuffix: '' };
      const consumer = transport.createGroupConsumer(group);
      const member = new Member(consumer);
      member.onAssigned = (partitions) => {
        consumer.assign(partitions.map((p) => ({ ...p, offset: 1_000, leaderEpoch: undefined })));
      };
      await member.start();
      cleanups.push(() => member.stop());
      await until(() => member.faults.length === PARTITIONS);
      expect(member.faults.map(({ kind }) => kind)).toEqual(Array(PARTITIONS).fill('out-of-range'));
      await consumer.seek({ topic, partition: 0, offset: 1, leaderEpoch: undefined });
      await until(() => member.records.length === 2);
      // One that reads is moved too.
      await consumer.seek({ topic, partition: 0, offset: 0, leaderEpoch: undefined });
      await until(() => member.records.length === 5);
      expect(member.records.map(({ offset }) => offset)).toEqual([1, 2, 0, 1, 2]);
    });

    it('pauses and resumes a partition', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      const member = await newMember(transport, topic);
      await until(() => member.owned.size === PARTITIONS);
      const paused = [{ topic, partition: 0 }];
      member.consumer.pause(paused);
      await produce(producer, record(topic, 0));
      await produce(producer, record(topic, 1));
      await until(() => member.records.length === 1);
      await sleep(100);
      expect(member.records.map(({ partition }) => partition)).toEqual([1]);
      member.ends.length = 0;
      member.consumer.resume(paused);
      await until(() => member.records.length === 2);
      await until(() => member.ends.includes(`${topic}/0@1`));
    });

    it('refuses to join for a topic that does not exist', async () => {
      const transport = makeTransport(brokers());
      const group = { groupId: `g-${randomUUID()}`, topics: ['no-such-topic'], clientIdSuffix: '' };
      const consumer = transport.createGroupConsumer(group);
      await expect(consumer.connect(new Member(consumer))).rejects.toMatchObject({
        code: 'TOPIC_NOT_FOUND',
        topics: ['no-such-topic'],
      });
    });

    it('fails a record for a partition that does not exist, and takes the next', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = await newProducer(transport);
      await producer.partitionCount(topic);
      const { failure } = await produce(producer, record(topic, 99));
      expect(failure?.kind).toBe('failed');
      expect(await produce(producer, record(topic, 3))).toEqual({ partition: 3, offset: 0 });
    });

    it.each(GROUP_PROTOCOLS)('leaves a group while an assignment waits for its answer (%s)', async (groupProtocol) => {
      const transport = makeTransport(brokers(), groupOptions(groupProtocol));
      const topic = await newTopic(transport, PARTITIONS);
      const group = { groupId: `g-${randomUUID()}`, topics: [topic], clientIdSuffix: '' };
      const member = new Member(transport.createGroupConsumer(group));
      let asked = false;
      member.onAssigned = () => {
        asked = true;
      };
      await member.start();
      await until(() => asked);
      // Longer than the test may take.
      await member.stop(600_000);
    });

    it.each(GROUP_PROTOCOLS)('leaves a group while a revocation waits for its answer (%s)', async (groupProtocol) => {
      const transport = makeTransport(brokers(), groupOptions(groupProtocol));
      const topic = await newTopic(transport, PARTITIONS);
      const group = { groupId: `g-${randomUUID()}`, topics: [topic], clientIdSuffix: '' };
      const first = new Member(transport.createGroupConsumer(group));
      let asked = false;
      first.onRevoked = () => {
        asked = true;
      };
      await first.start();
      await until(() => first.owned.size === PARTITIONS);
      const second = await new Member(transport.createGroupConsumer(group)).start();
      cleanups.push(() => second.stop());
      await until(() => asked);
      await first.stop(20_000);
      await until(() => second.owned.size === PARTITIONS);
    });

    it('threat 50: settles each of 5,000 records in flight when it disconnects', async () => {
      const transport = makeTransport(brokers());
      const topic = await newTopic(transport, PARTITIONS);
      const producer = transport.createProducer();
      await producer.connect();
      const deliveries = Array.from({ length: 5_000 }, (_, i) => produce(producer, record(topic, i % PARTITIONS)));
      await producer.disconnect(10_000);
      const settled = await Promise.all(deliveries);
      expect(settled.filter(({ failure }) => failure === undefined)).toHaveLength(5_000);
      expect(await produce(producer, record(topic, 0))).toMatchObject({ failure: { kind: 'failed' } });
      await expect(producer.connect()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    });
  });
}
