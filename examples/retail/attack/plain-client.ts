import { RdKafka } from '@confluentinc/kafka-javascript';
import type { PlainRecord } from './plain-record.js';

const TIMEOUT_MS = 10_000;

/** A producer that knows nothing of tenants: what an attacker with access to the broker has. */
export class PlainProducer {
  readonly #producer: RdKafka.Producer;

  private constructor(producer: RdKafka.Producer) {
    this.#producer = producer;
  }

  static async connect(brokers: readonly string[]): Promise<PlainProducer> {
    const producer = new RdKafka.Producer({
      'bootstrap.servers': brokers.join(','),
      'linger.ms': 0,
      'message.timeout.ms': TIMEOUT_MS,
      dr_cb: true,
    });
    await connect(producer);
    producer.setPollInBackground(true);
    return new PlainProducer(producer);
  }

  /** Writes one record and waits for the broker's answer. One at a time. */
  async send(topic: string, record: PlainRecord): Promise<void> {
    const headers = record.headers.map(({ name, value }) => ({ [name]: value }));
    await new Promise<void>((resolve, reject) => {
      this.#producer.once('delivery-report', (error: RdKafka.LibrdKafkaError | null) => {
        if (error === null) resolve();
        else reject(asError(error));
      });
      this.#producer.produce(topic, record.partition, record.value, record.key, undefined, undefined, headers);
    });
  }

  async close(): Promise<void> {
    await disconnect(this.#producer);
  }
}

/** Reads a topic with a plain consumer: what is in it now, or the first `maxRecords` of that. */
export async function readTopic(
  brokers: readonly string[],
  topic: string,
  maxRecords: number = Number.POSITIVE_INFINITY,
): Promise<PlainRecord[]> {
  const consumer = new RdKafka.KafkaConsumer(
    { 'bootstrap.servers': brokers.join(','), 'group.id': 'plain-reader', 'enable.auto.commit': false },
    { 'auto.offset.reset': 'earliest' },
  );
  await connect(consumer);
  try {
    const unread = await unreadPartitions(consumer, topic);
    consumer.setDefaultConsumeTimeout(100);
    consumer.assign([...unread].map(([partition, { lowOffset }]) => ({ topic, partition, offset: lowOffset })));
    const records: PlainRecord[] = [];
    const deadlineMs = Date.now() + TIMEOUT_MS;
    while (unread.size > 0 && records.length < maxRecords) {
      if (Date.now() > deadlineMs) throw new Error(`topic ${topic} could not be read to its end`);
      for (const message of await consume(consumer)) {
        records.push(plainRecord(message));
        if (message.offset + 1 >= (unread.get(message.partition)?.highOffset ?? 0)) unread.delete(message.partition);
      }
    }
    return records.slice(0, maxRecords);
  } finally {
    await disconnect(consumer);
  }
}

/** The partitions that hold records, each with where it begins and ends now. */
async function unreadPartitions(
  consumer: RdKafka.KafkaConsumer,
  topic: string,
): Promise<Map<number, RdKafka.WatermarkOffsets>> {
  const metadata = await answer<RdKafka.Metadata>((callback) =>
    consumer.getMetadata({ topic, timeout: TIMEOUT_MS }, callback),
  );
  const unread = new Map<number, RdKafka.WatermarkOffsets>();
  for (const { id } of metadata.topics.find(({ name }) => name === topic)?.partitions ?? []) {
    const range = await answer<RdKafka.WatermarkOffsets>((callback) =>
      consumer.queryWatermarkOffsets(topic, id, TIMEOUT_MS, callback),
    );
    if (range.highOffset > range.lowOffset) unread.set(id, range);
  }
  return unread;
}

function consume(consumer: RdKafka.KafkaConsumer): Promise<RdKafka.Message[]> {
  return answer((callback) => {
    consumer.consume(50, callback);
  });
}

function plainRecord({ partition, key, value, headers = [] }: RdKafka.Message): PlainRecord {
  return {
    partition,
    key: key === null || key === undefined ? null : Buffer.from(key),
    value,
    headers: headers.flatMap((header) =>
      Object.entries(header).map(([name, text]) => ({ name, value: Buffer.from(text) })),
    ),
  };
}

async function connect(client: RdKafka.Producer | RdKafka.KafkaConsumer): Promise<void> {
  await answer<RdKafka.Metadata>((callback) => client.connect({ timeout: TIMEOUT_MS }, callback));
}

async function disconnect(client: RdKafka.Producer | RdKafka.KafkaConsumer): Promise<void> {
  await new Promise<void>((resolve) => {
    client.disconnect(() => {
      resolve();
    });
  });
}

/** What a call that takes a callback answers, as a promise. */
function answer<T>(call: (callback: (error: RdKafka.LibrdKafkaError | null, value: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      // The client gives null or undefined where nothing went wrong.
      if (error) reject(asError(error));
      else resolve(value);
    });
  });
}

function asError(error: RdKafka.LibrdKafkaError): Error {
  return error instanceof Error ? error : new Error(error.message);
}
