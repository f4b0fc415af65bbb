import { setTimeout as sleep } from 'node:timers/promises';
import { RdKafka } from '@confluentinc/kafka-javascript';

const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 10_000;
const COMMIT_AGAIN_MS = 500;
/** The group's coordinator is at another broker now, or on its way there (Kafka's protocol, error codes). */
const COORDINATOR_MOVES = new Set([14, 15, 16]);

/** What the old topic's client answered: its error code, and its text in one line. */
class OldTopicError extends Error {
  readonly code: number;

  constructor({ code, message }: Pick<RdKafka.LibrdKafkaError, 'code' | 'message'>) {
    super(message);
    this.code = code;
  }
}

/** What `writeBack` marks its records with: they are events already. */
export const BACK_HEADER = 'bridged-back';

/** A record of the old topic. */
export interface OldRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Buffer | null;
  readonly timestampMs: number;
  /** Whether `writeBack` wrote it. */
  readonly isBack: boolean;
}

/**
 * Reads a topic from where it was committed, as one process alone: it is no member of its group, so one that was
 * killed keeps nobody waiting until its session is over.
 */
export class OldTopic {
  readonly #consumer: RdKafka.KafkaConsumer;
  readonly #topic: string;
  /** The next offset to read, by partition. */
  readonly #next: Map<number, number>;
  #isCommitted = true;
  #lookedAtMs = Date.now();

  private constructor(consumer: RdKafka.KafkaConsumer, topic: string, next: Map<number, number>) {
    this.#consumer = consumer;
    this.#topic = topic;
    this.#next = next;
    // What a transaction ends with is no record, and has an offset all the same.
    consumer.on('partition.eof', ({ partition, offset }) => {
      this.#readUntil(partition, offset);
    });
  }

  static async open(brokers: readonly string[], topic: string, groupId: string): Promise<OldTopic> {
    const consumer = new RdKafka.KafkaConsumer(
      {
        'bootstrap.servers': brokers.join(','),
        'group.id': groupId,
        'enable.auto.commit': false,
        'enable.partition.eof': true,
      },
      { 'auto.offset.reset': 'error' },
    );
    await answer<RdKafka.Metadata>((done) => consumer.connect({ timeout: TIMEOUT_MS }, done));
    consumer.setDefaultConsumeTimeout(100);
    const partitions = await partitionsOf(consumer, topic);
    if (partitions.length === 0) throw new Error(`there is no topic ${topic}`);
    const committed = await answer<RdKafka.TopicPartitionOffset[]>((done) =>
      consumer.committed(
        partitions.map((partition) => ({ topic, partition })),
        TIMEOUT_MS,
        done,
      ),
    );
    const next = new Map<number, number>();
    for (const id of partitions) {
      const { lowOffset, highOffset } = await rangeOf(consumer, topic, id);
      const at = committed.find(({ partition }) => partition === id)?.offset;
      // What has left the log cannot be bridged any more: that is for a person to decide.
      if (at !== undefined && at >= 0 && at < lowOffset)
        throw new Error(`${topic}/${id} has lost ${at} to ${lowOffset}`);
      if (at !== undefined && at > highOffset)
        throw new Error(`${topic}/${id} ends at ${highOffset} and is committed to ${at}: was it made anew?`);
      next.set(id, at !== undefined && at >= 0 ? at : lowOffset);
    }
    consumer.assign([...next].map(([partition, offset]) => ({ topic, partition, offset })));
    return new OldTopic(consumer, topic, next);
  }

  /** Up to `maxRecords` of what there is, in the order of each partition. */
  async read(maxRecords: number): Promise<OldRecord[]> {
    if (Date.now() - this.#lookedAtMs > LOOK_EVERY_MS) await this.#assertPartitions();
    const messages = await answer<RdKafka.Message[]>((done) => {
      this.#consumer.consume(maxRecords, done);
    });
    for (const { partition, offset } of messages) this.#readUntil(partition, offset + 1);
    return messages.map(({ topic, partition, offset, value, timestamp, headers = [] }) => ({
      topic,
      partition,
      offset,
      value,
      timestampMs: timestamp ?? 0,
      isBack: headers.some((header) => Object.hasOwn(header, BACK_HEADER)),
    }));
  }

  #readUntil(partition: number, offset: number): void {
    if (offset <= (this.#next.get(partition) ?? 0)) return;
    this.#next.set(partition, offset);
    this.#isCommitted = false;
  }

  /**
   * Commits what was read so far, where it is not yet, and waits for the broker's answer; again and again for as long as
   * the group's coordinator moves, up to a while.
   *
   * @param ended - ends the waiting: what is not committed is bridged again
   */
  async commit(ended: AbortSignal): Promise<void> {
    if (this.#isCommitted) return;
    const offsets = [...this.#next].map(([partition, offset]) => ({ topic: this.#topic, partition, offset }));
    const giveUpAtMs = Date.now() + TIMEOUT_MS;
    for (;;) {
      try {
        this.#consumer.commitSync(offsets);
        this.#isCommitted = true;
        return;
      } catch (error) {
        const { code, message } = error as RdKafka.LibrdKafkaError;
        const isPassing = COORDINATOR_MOVES.has(code) && Date.now() < giveUpAtMs && !ended.aborted;
        if (!isPassing) throw new OldTopicError({ code, message: `cannot commit ${this.#topic}: ${message}` });
      }
      await sleep(COMMIT_AGAIN_MS, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Whether all that is in the topic now was read. */
  async isAtEnd(): Promise<boolean> {
    await this.#assertPartitions();
    for (const [partition, next] of this.#next) {
      if (next < (await rangeOf(this.#consumer, this.#topic, partition)).highOffset) return false;
    }
    return true;
  }

  /** Partitions that the topic got meanwhile are read by nobody, and would be taken for bridged. */
  async #assertPartitions(): Promise<void> {
    this.#lookedAtMs = Date.now();
    const { length } = await partitionsOf(this.#consumer, this.#topic);
    if (length !== this.#next.size)
      throw new Error(`${this.#topic} had ${this.#next.size} partitions and has ${length} now: start the bridge again`);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#consumer.disconnect(() => {
        resolve();
      });
    });
  }
}

async function partitionsOf(consumer: RdKafka.KafkaConsumer, topic: string): Promise<number[]> {
  const { topics } = await answer<RdKafka.Metadata>((done) =>
    consumer.getMetadata({ topic, timeout: TIMEOUT_MS }, done),
  );
  return topics.find(({ name }) => name === topic)?.partitions.map(({ id }) => id) ?? [];
}

function rangeOf(consumer: RdKafka.KafkaConsumer, topic: string, partition: number): Promise<RdKafka.WatermarkOffsets> {
  return answer((done) => consumer.queryWatermarkOffsets(topic, partition, TIMEOUT_MS, done));
}

/** What a call that takes a callback answers, as a promise. */
function answer<T>(call: (done: (error: RdKafka.LibrdKafkaError | null, value: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      // The client gives null or undefined where nothing went wrong.
      if (error) reject(new OldTopicError(error));
      else resolve(value);
    });
  });
}
