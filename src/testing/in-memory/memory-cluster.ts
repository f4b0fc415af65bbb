import { tenantryError } from '../../core/errors.js';
import type { OutgoingRecord, ReceivedRecord } from '../../record/wire-record.js';
import { partitionFor } from '../../routing/murmur2.js';
import type { DeliveryFailure, TopicPartition } from '../../transport/port.js';
import { MemoryGroup } from './memory-group.js';
import { MemoryLog } from './memory-log.js';

/** As many as the topics of `EmbeddedKafka` have. */
const PARTITIONS = 4;

/** A moment in the life of a cluster: how much was written, and where each log ended. */
export interface Moment {
  readonly written: number;
  readonly ends: ReadonlyMap<string, readonly number[]>;
}

/** The topics and groups of a cluster in memory. */
export class MemoryCluster {
  readonly #makesTopics: boolean;
  readonly #topics = new Map<string, readonly MemoryLog[]>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #written: ReceivedRecord[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  readonly #watchers = new Set<(place: TopicPartition) => void>();

  /** @param makesTopics - whether a topic is there as soon as somebody asks for it */
  constructor(makesTopics: boolean) {
    this.#makesTopics = makesTopics;
  }

  get topics(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** @returns whether it was not there yet */
  createTopic(topic: string, partitions = PARTITIONS): boolean {
    if (this.#topics.has(topic)) return false;
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => new MemoryLog(topic, partition)),
    );
    return true;
  }

  partitionCount(topic: string): number | undefined {
    if (this.#makesTopics) this.createTopic(topic);
    return this.#topics.get(topic)?.length;
  }

  /** @throws TenantryError `TOPIC_NOT_FOUND` */
  requirePartitionCount(topic: string): number {
    const count = this.partitionCount(topic);
    if (count !== undefined) return count;
    throw tenantryError('TOPIC_NOT_FOUND', `${topic}: does not exist`, { topics: [topic] });
  }

  /** @throws TenantryError `TOPIC_NOT_FOUND` */
  log({ topic, partition }: TopicPartition): MemoryLog {
    const log = this.#topics.get(topic)?.[partition];
    if (log !== undefined) return log;
    throw tenantryError('TOPIC_NOT_FOUND', `${topic}/${partition}: does not exist`, { topics: [topic] });
  }

  group(groupId: string): MemoryGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new MemoryGroup(this);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  append(record: OutgoingRecord, nowMs: number): ReceivedRecord | DeliveryFailure {
    const { topic, key, timestampMs } = record;
    const count = this.#topics.get(topic)?.length;
    const partition = record.partition ?? (key === null || count === undefined ? 0 : partitionFor(key, count));
    const log = this.#topics.get(topic)?.[partition];
    if (log === undefined) return { kind: 'failed', reason: 'Broker: Unknown topic or partition' };
    const written = log.append(record, timestampMs ?? nowMs);
    this.#written.push(written);
    for (const watcher of this.#watchers) watcher(written);
    return written;
  }

  /**
   * Calls back for every record that is written.
   *
   * @returns a function that ends it
   */
  watch(watcher: (place: TopicPartition) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  now(): Moment {
    const ends = Array.from(
      this.#topics,
      ([topic, logs]) => [topic, logs.map(({ range }) => range.highOffset)] as const,
    );
    return { written: this.#written.length, ends: new Map(ends) };
  }

  /** What was written since, in the order of writing. */
  since({ written }: Moment): readonly ReceivedRecord[] {
    return this.#written.slice(written);
  }

  /** Has a group begin where the logs of these topics ended at a moment, in place of their beginnings. */
  beginAt(groupId: string, topics: Iterable<string>, { ends }: Moment): void {
    const at = { metadata: '', leaderEpoch: undefined };
    for (const topic of new Set(topics)) {
      for (const [partition, offset] of ends.get(topic)?.entries() ?? [])
        this.group(groupId).commit({ topic, partition, offset, ...at }, undefined);
    }
  }

  /** One after the other: what is written meanwhile is of the one whose turn it is. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
