// docs/migrating.md from the first step to the last, and back: an old topic, the bridge, the cut-over of a consumer and
// of a producer, and the way back.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { RdKafka } from '@confluentinc/kafka-javascript';
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs';
import { envelopeEncryption, localKeyring, memoryDedupe, TenantKafka, type EventOf } from 'tenantry';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeBack } from '../../../examples/bridge/back.js';
import { runBridge } from '../../../examples/bridge/bridge.js';
import { OrderPlaced } from '../../../examples/bridge/contract.js';
import { OldTopic } from '../../../examples/bridge/old-topic.js';
import { oldPlaceOf } from '../../../examples/bridge/translate.js';
import { startKafka, type RunningKafka } from '../../../scripts/kafka/start-kafka.ts';

const TENANTS = ['acme', 'globex', 'initech'];
const ORDERS = 4;
const PARTITIONS = 2;

/** The sequence of each aggregate, as it was handled or stands in the topic. */
type Sequences = Map<string, number[]>;

function note(sequences: Sequences, tenant: string, order: string, sequence: number): void {
  const key = `${tenant}:${order}`;
  sequences.set(key, [...(sequences.get(key) ?? []), sequence]);
}

const upTo = (count: number): Record<string, number[]> =>
  Object.fromEntries(
    TENANTS.flatMap((tenant) =>
      Array.from({ length: ORDERS }, (_, order) => [`${tenant}:o${order}`, [...Array(count).keys()]]),
    ),
  );

/** As the old application writes: a record of each order of each customer, keyed by the order alone. */
async function writeOld(producer: Producer, topic: string, sequence: number): Promise<void> {
  const messages = TENANTS.flatMap((customer) =>
    Array.from({ length: ORDERS }, (_, order) => ({
      key: `o${order}`,
      value: JSON.stringify({ customer, order: `o${order}`, total: String(sequence) }),
    })),
  );
  await producer.send({ topic, messages });
}

async function committed(admin: Admin, groupId: string, topic: string): Promise<Map<number, number>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}

async function ends(admin: Admin, topic: string): Promise<Map<number, number>> {
  return new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]));
}

async function readOld(plain: Kafka, topic: string, count: number): Promise<Sequences> {
  const found: Sequences = new Map();
  const consumer = plain.consumer({ groupId: `reader-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { customer, order, total } = JSON.parse(String(message.value)) as Record<
        'customer' | 'order' | 'total',
        string
      >;
      note(found, customer, order, Number(total));
      read += 1;
    },
  });
  await vi.waitFor(() => expect(read).toBe(count), { timeout: 15_000 });
  await consumer.disconnect();
  return found;
}

async function backProducer(brokers: string): Promise<RdKafka.Producer> {
  const producer = new RdKafka.Producer(
    { 'bootstrap.servers': brokers, dr_cb: true, 'enable.idempotence': true },
    // That of the old producer, or a key would lie in two partitions.
    { partitioner: 'murmur2_random' },
  );
  producer.connect();
  await once(producer, 'ready');
  producer.setPollInterval(10);
  return producer;
}

// The topic of the example's contract has a name that others use too.
let kafkaOfItsOwn: RunningKafka;

beforeAll(async () => {
  kafkaOfItsOwn = await startKafka({ isShortLived: true });
}, 120_000);

afterAll(async () => {
  await kafkaOfItsOwn.stop();
});

it('moves consumers and producers over and back, each record once and in the order of its aggregate', async () => {
  const { brokers } = kafkaOfItsOwn;
  const id = randomUUID().slice(0, 8);
  const [topic, bridgeGroup, oldGroup] = [`old-${id}`, `bridge-${id}`, `old-billing-${id}`];
  const plain = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = plain.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
  const oldProducer = plain.producer();
  await oldProducer.connect();
  for (let sequence = 0; sequence < 6; sequence += 1) await writeOld(oldProducer, topic, sequence);
  // The old consumer has come to the middle of the topic.
  const middle = [...(await ends(admin, topic))].map(([partition, end]) => ({
    partition,
    offset: String(Math.floor(end / 2)),
  }));
  await admin.setOffsets({ groupId: oldGroup, topic, partitions: middle });

  // Prepare, and bridge.
  const keys = Object.fromEntries(TENANTS.map((tenant) => [tenant, randomBytes(32)]));
  await using kafka = new TenantKafka({
    clientId: 'test',
    brokers: brokers.split(','),
    encryption: envelopeEncryption({ kms: localKeyring({ keys }) }),
  });
  const groups = [`billing-${id}`, `back-${id}`];
  await kafka.admin.createTopics([OrderPlaced], { partitions: 2, replicationFactor: 1, groups });
  const ended = new AbortController();
  const refused: unknown[] = [];
  const from = await OldTopic.open(brokers.split(','), topic, bridgeGroup);
  const bridging = runBridge({
    from,
    to: kafka,
    batchRecords: 15,
    signal: ended.signal,
    graceMs: 5_000,
    untilEnd: false,
    onRefused: (record) => refused.push(record),
    onProgress: () => undefined,
  });

  // The consumer moves: what the old one has handled is passed over.
  const handledBefore = await committed(admin, oldGroup, topic);
  const handled: Sequences = new Map();
  const passed: Sequences = new Map();
  const handle = ({ id: eventId, tenantId, aggregateId, data }: EventOf<typeof OrderPlaced>): void => {
    const place = oldPlaceOf(eventId);
    const isBefore = place !== undefined && place.offset < (handledBefore.get(place.partition) ?? 0);
    note(isBefore ? passed : handled, tenantId, aggregateId, data.totalCents / 100);
  };
  const billing = kafka.worker(groups[0] ?? '', { dedupe: { store: memoryDedupe() } }).on(OrderPlaced, handle);
  await billing.start();
  const joined = (): Record<string, number[]> =>
    Object.fromEntries(
      [...new Set([...passed.keys(), ...handled.keys()])]
        .sort()
        .map((key) => [key, [...(passed.get(key) ?? []), ...(handled.get(key) ?? [])]]),
    );
  await vi.waitFor(() => expect(joined()).toEqual(upTo(6)), { timeout: 20_000 });
  expect(passed.size).toBeGreaterThan(0);
  expect(handled.size).toBeGreaterThan(0);

  // The way back is opened before the producer moves.
  const rdkafka = await backProducer(brokers);
  const back = kafka
    .worker(groups[1] ?? '', { dedupe: { store: memoryDedupe() } })
    .on(OrderPlaced, writeBack(rdkafka, topic));
  await back.start();

  // The producer moves: the old one stops, the bridge comes to the end, the new one starts.
  await writeOld(oldProducer, topic, 6);
  const end = await ends(admin, topic);
  await vi.waitFor(async () => expect(await committed(admin, bridgeGroup, topic)).toEqual(end), { timeout: 15_000 });
  for (const sequence of [7, 8])
    for (const tenant of TENANTS)
      for (let order = 0; order < ORDERS; order += 1)
        await kafka.tenant(tenant).publish(OrderPlaced, { orderId: `o${order}`, totalCents: sequence * 100 });
  await vi.waitFor(() => expect(joined()).toEqual(upTo(9)), { timeout: 15_000 });

  // Back: the new producer has stopped, all that it published comes to the old topic, and not from there once more.
  await back.caughtUp();
  const written = [...(await ends(admin, topic)).values()];
  expect(written.reduce((sum, high) => sum + high, 0)).toBe(TENANTS.length * ORDERS * 9);
  await vi.waitFor(async () => expect(await committed(admin, bridgeGroup, topic)).toEqual(await ends(admin, topic)), {
    timeout: 15_000,
  });
  await billing.caughtUp();
  expect(joined()).toEqual(upTo(9));
  await billing.stop();
  await back.stop();
  rdkafka.disconnect();
  // The old producer goes on where the new one ended, and who reads the old topic misses nothing.
  await writeOld(oldProducer, topic, 9);
  const sequences = await readOld(plain, topic, TENANTS.length * ORDERS * 10);
  expect(Object.fromEntries([...sequences].sort(([a], [b]) => (a < b ? -1 : 1)))).toEqual(upTo(10));

  ended.abort();
  await bridging;
  await from.close();
  expect(refused).toEqual([]);
  await oldProducer.disconnect();
  await admin.disconnect();
}, 60_000);
