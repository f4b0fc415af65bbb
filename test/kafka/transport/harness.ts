import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import type { OutgoingRecord, ReceivedRecord } from '../../../src/record/wire-record.js';
import { createTransport } from '../../../src/transport/create-transport.js';
import { transportOptionsSchema, type TransportOptions } from '../../../src/transport/options.js';
import type {
  ConsumerFault,
  Delivery,
  GroupConsumer,
  GroupListener,
  PartitionReader,
  ReaderListener,
  RecordProducer,
  StartPosition,
  TopicPartition,
  Transport,
} from '../../../src/transport/port.js';

export function makeTransport(brokers: string[], options: Partial<TransportOptions> = {}): Transport {
  const resolved = transportOptionsSchema().parse({ brokers, clientId: 'test', ...options });
  return createTransport(resolved, { clock: systemClock, telemetry: { log: () => undefined } });
}

/** For a `describe`: what its tests open is closed after each of them, the last first. */
export function cleanedUp(): {
  readonly cleanups: (() => Promise<unknown>)[];
  readonly newProducer: (transport: Transport) => Promise<RecordProducer>;
} {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  return {
    cleanups,
    newProducer: async (transport) => {
      const producer = transport.createProducer();
      await producer.connect();
      cleanups.push(() => producer.disconnect(5_000));
      return producer;
    },
  };
}

/** A topic that nobody else uses. */
export async function newTopic(transport: Transport, partitions: number): Promise<string> {
  const topic = `t-${randomUUID().slice(0, 8)}`;
  const admin = transport.createAdmin();
  await admin.connect();
  await admin.createTopics([{ topic, partitions, replicationFactor: 1, config: {} }], 10_000);
  await admin.disconnect();
  return topic;
}

export function record(topic: string, partition: number, fields: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, partition, key: null, value: Buffer.from('v'), headers: [], timestampMs: undefined, ...fields };
}

export function produce(producer: RecordProducer, outgoing: OutgoingRecord): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    if (!producer.produce(outgoing, resolve)) reject(new Error('the queue is full'));
  });
}

/** A condition that must come true. */
export async function until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(5);
  }
}

/** A member of a group that answers rebalances late, starts where the group has committed and polls until it is closed. */
export class Member implements GroupListener {
  readonly records: ReceivedRecord[] = [];
  readonly faults: ConsumerFault[] = [];
  readonly ends: string[] = [];
  readonly owned = new Set<string>();
  readable = 0;
  answerDelayMs = 0;
  onRecord: (received: ReceivedRecord, consumer: GroupConsumer) => void = () => undefined;
  readonly consumer: GroupConsumer;
  readonly #chunk: number;
  #polling: Promise<void> | undefined;
  #closed = false;

  constructor(consumer: GroupConsumer, chunk = 50) {
    this.consumer = consumer;
    this.#chunk = chunk;
  }

  async start(): Promise<this> {
    await this.consumer.connect(this);
    this.#polling = this.#poll();
    return this;
  }

  async stop(timeoutMs = 10_000): Promise<void> {
    this.#closed = true;
    await this.#polling;
    await this.consumer.disconnect(timeoutMs);
  }

  onAssigned(partitions: readonly TopicPartition[]): void {
    this.#answer(partitions).catch((error: unknown) => {
      if (!this.#closed) throw error;
    });
  }

  onRevoked(partitions: readonly TopicPartition[]): void {
    void sleep(this.answerDelayMs).then(() => {
      for (const { topic, partition } of partitions) this.owned.delete(`${topic}/${partition}`);
      this.consumer.unassign(partitions);
    });
  }

  onReadable(): void {
    this.readable += 1;
  }

  onEnd({ topic, partition }: TopicPartition, offset: number): void {
    this.ends.push(`${topic}/${partition}@${offset}`);
  }

  onError(fault: ConsumerFault): void {
    this.faults.push(fault);
  }

  async #answer(partitions: readonly TopicPartition[]): Promise<void> {
    await sleep(this.answerDelayMs);
    const committed = await this.consumer.committed(partitions, 5_000);
    const positions: StartPosition[] = await Promise.all(
      committed.map(async ({ topic, partition, offset, leaderEpoch }) => ({
        topic,
        partition,
        offset: offset ?? (await this.consumer.logRange({ topic, partition }, 5_000)).lowOffset,
        leaderEpoch,
      })),
    );
    this.consumer.assign(positions);
    for (const { topic, partition } of partitions) this.owned.add(`${topic}/${partition}`);
  }

  async #poll(): Promise<void> {
    while (!this.#closed) {
      const chunk = await this.consumer.poll(this.#chunk);
      for (const received of chunk) {
        this.records.push(received);
        this.onRecord(received, this.consumer);
      }
      if (chunk.length === 0) await sleep(5);
    }
  }
}

/** What somebody reads with a reader. */
export class Reading implements ReaderListener {
  readonly ends: string[] = [];
  readonly faults: ConsumerFault[] = [];
  lastOffset = -1;
  readonly #reader: PartitionReader;

  constructor(reader: PartitionReader) {
    this.#reader = reader;
  }

  onReadable(): void {}

  onEnd({ topic, partition }: TopicPartition, offset: number): void {
    this.ends.push(`${topic}/${partition}@${offset}`);
  }

  onError(fault: ConsumerFault): void {
    this.faults.push(fault);
  }

  async pollOnce(): Promise<readonly ReceivedRecord[]> {
    const records = await this.#reader.poll(500);
    this.lastOffset = records.at(-1)?.offset ?? this.lastOffset;
    if (records.length === 0) await sleep(2);
    return records;
  }

  /** The next records that are not none. */
  async next(): Promise<readonly ReceivedRecord[]> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      const records = await this.pollOnce();
      if (records.length > 0) return records;
    }
    throw new Error('there was nothing to read');
  }

  async untilEnd(end: string): Promise<void> {
    for (const deadline = Date.now() + 10_000; !this.ends.includes(end); await this.pollOnce()) {
      if (Date.now() > deadline) throw new Error(`no end ${end}, but ${this.ends.join(', ')}`);
    }
  }
}
