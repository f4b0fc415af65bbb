import { delay } from '../../src/core/clock.js';
import type { ClusterShape, TopicAdmin, TopicDefinition, TopicOperation } from '../../src/transport/port.js';
import type { FakeKafka } from './fake-kafka.js';

/** Creates and describes topics of a fake cluster. */
export class FakeAdmin implements TopicAdmin {
  readonly #kafka: FakeKafka;

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka;
  }

  async connect(): Promise<void> {
    const error = this.#kafka.faults.connect();
    if (error !== undefined) throw error;
  }

  async createTopics(topics: readonly TopicDefinition[]): Promise<readonly string[]> {
    const missing = topics.filter(({ topic }) => this.#kafka.partitions(topic) === undefined);
    for (const { topic, partitions } of missing) this.#kafka.createTopic(topic, partitions);
    return missing.map(({ topic }) => topic);
  }

  async describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { clock, delays } = this.#kafka;
    if (delays.describe > 0) await delay(clock, delays.describe);
    return new Map(
      topics.flatMap((topic) => {
        const partitions = this.#kafka.partitions(topic);
        return partitions === undefined ? [] : [[topic, partitions.length] as const];
      }),
    );
  }

  async describeCluster(): Promise<ClusterShape> {
    const topics = this.#kafka.topics
      .filter(([topic]) => this.#kafka.operationsOn(topic).has('describe'))
      .map(([topic, partitions]) => [topic, { partitions, replicationFactor: 1 }] as const);
    return { brokers: ['localhost:9092'], topics: new Map(topics) };
  }

  async allowedOperations(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<TopicOperation>>> {
    return new Map(topics.map((topic) => [topic, this.#kafka.operationsOn(topic)]));
  }

  async disconnect(): Promise<void> {
    await Promise.resolve();
  }
}
