import { tenantryError } from '../../src/core/errors.js';
import type {
  CommitRequest,
  CommittedPosition,
  GroupOffsets,
  LogRange,
  TopicPartition,
} from '../../src/transport/port.js';
import type { FakeGroup } from './fake-group.js';
import type { FakeKafka } from './fake-kafka.js';

/** The offsets of a group of a fake cluster, from outside. Here the log's identity is as the native client tells it. */
export class FakeGroupOffsets implements GroupOffsets {
  readonly #kafka: FakeKafka;
  readonly #group: FakeGroup;

  constructor(kafka: FakeKafka, group: FakeGroup) {
    this.#kafka = kafka;
    this.#group = group;
  }

  async connect(): Promise<void> {
    const error = this.#kafka.faults.connect();
    if (error !== undefined) throw error;
  }

  async hasMembers(): Promise<boolean> {
    return this.#group.members.size > 0;
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedPosition[]> {
    return partitions.map((place) => this.#group.committed(place));
  }

  async logRange({ topic, partition }: TopicPartition): Promise<LogRange> {
    return this.#kafka.log(topic, partition).range;
  }

  async partitionCount(topic: string): Promise<number> {
    const count = this.#kafka.partitions(topic)?.length;
    if (count !== undefined && this.#kafka.operationsOn(topic).has('describe')) return count;
    throw tenantryError('TOPIC_NOT_FOUND', `${topic}: does not exist`, { topics: [topic] });
  }

  async offsetForTime({ topic, partition }: TopicPartition, timestampMs: number): Promise<number | undefined> {
    return this.#kafka.log(topic, partition).records.find((record) => record.timestampMs >= timestampMs)?.offset;
  }

  logIdentity({ topic, partition }: TopicPartition): string {
    return `/${topic}/${partition}`;
  }

  async commit(requests: readonly CommitRequest[]): Promise<void> {
    if (this.#group.members.size > 0) throw tenantryError('INVALID_STATE', 'setting offsets: it has members');
    for (const request of requests) this.#group.set(request);
  }

  async disconnect(): Promise<void> {
    await Promise.resolve();
  }
}
