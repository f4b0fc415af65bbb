// Kafka as somebody else sees it: through another client than the one that is under test.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { now, type LoggedRecord, type SeenCommit } from './journal.ts';

const LOOK_EVERY_MS = 250;

export class KafkaView {
  /** What the group had committed, whenever it was looked at and had changed. */
  readonly commits: SeenCommit[] = [];
  readonly #kafka: kafkajs.Kafka;
  readonly #admin: kafkajs.Admin;
  readonly #topic: string;
  readonly #groupId: string;
  readonly #last = new Map<number, string>();
  #isClosed = false;

  constructor(broker: string, topic: string, groupId: string) {
    const retry = { retries: 0 };
    this.#kafka = new kafkajs.Kafka({
      brokers: [broker],
      clientId: 'storm-view',
      logLevel: kafkajs.logLevel.NOTHING,
      retry,
    });
    this.#admin = this.#kafka.admin();
    this.#topic = topic;
    this.#groupId = groupId;
  }

  /** Looks at the group's commits until it is closed. */
  async watch(): Promise<void> {
    while (!this.#isClosed) {
      await this.#look().catch(() => undefined);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#admin.disconnect();
  }

  /** How many records of a topic the group has not committed, cursors included. */
  async uncommitted(topic = this.#topic): Promise<number> {
    await this.#look();
    const [found] = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [topic] });
    const ends = await this.#admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { partition, high }) => {
      const committed = found?.partitions.find((one) => one.partition === partition)?.offset ?? '0';
      return sum + Number(high) - Math.max(0, Number(committed));
    }, 0);
  }

  async readLog(topic = this.#topic): Promise<LoggedRecord[]> {
    const ends = await this.#admin.fetchTopicOffsets(topic);
    const left = new Map(
      ends.map(({ partition, high }) => [partition, Number(high)]).filter(([, high]) => high !== 0) as [
        number,
        number,
      ][],
    );
    const records: LoggedRecord[] = [];
    if (left.size === 0) return records;
    const consumer = this.#kafka.consumer({ groupId: `${topic}.judge`, retry: { retries: 5 } });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachBatch = ({ batch }: kafkajs.EachBatchPayload): Promise<void> => {
        const { partition } = batch;
        for (const { offset, key, headers } of batch.messages) {
          const id = String(headers?.['event-id']);
          records.push({ partition, offset: Number(offset), key: key?.toString() ?? '', id });
        }
        if (Number(batch.lastOffset()) + 1 >= (left.get(partition) ?? 0)) left.delete(partition);
        if (left.size === 0) resolve();
        return Promise.resolve();
      };
      consumer.run({ eachBatch }).catch(reject);
    });
    await consumer.disconnect();
    return records;
  }

  async #look(): Promise<void> {
    await this.#admin.connect();
    const [found] = await this.#admin.fetchOffsets({ groupId: this.#groupId, topics: [this.#topic] });
    const at = now();
    for (const { partition, offset, metadata } of found?.partitions ?? []) {
      const text = `${offset} ${metadata ?? ''}`;
      if (Number(offset) < 0 || this.#last.get(partition) === text) continue;
      this.#last.set(partition, text);
      this.commits.push({ at, partition, offset: Number(offset), metadata: metadata ?? '' });
    }
  }
}
