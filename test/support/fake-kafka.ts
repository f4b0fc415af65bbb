import type { Clock } from '../../src/core/clock.js';
import type { OutgoingRecord } from '../../src/record/wire-record.js';
import { partitionFor } from '../../src/routing/murmur2.js';
import type {
  CommitRequest,
  DeliveryFailure,
  TopicOperation,
  TopicPartition,
  Transport,
} from '../../src/transport/port.js';
import { FakeAdmin } from './fake-admin.js';
import { FakeGroup } from './fake-group.js';
import { FakeGroupConsumer } from './fake-group-consumer.js';
import { FakeGroupOffsets } from './fake-group-offsets.js';
import { FakeLog } from './fake-log.js';
import { FakeReader } from './fake-reader.js';
import { FakeProducer } from './fake-producer.js';
import { secretWatch } from './secrets/secret-watch.js';

/** Where copies of records go: dead letters and quarantine. */
const COPIES = /^_quarantine\.|\.dlq$/;

/** What a fake broker does with a record: takes it, fails it, has no room for it in the client, or never answers. */
export type ProduceFault = DeliveryFailure | 'queue-full' | 'never';

/** What a fake broker does with a commit: refuses it, or takes it and has the answer lost. */
export type CommitFault = 'refuse' | 'lose-answer';

/** Faults on demand. Each function is asked for every call; undefined means that all is well. */
export interface Faults {
  produce: (record: OutgoingRecord) => ProduceFault | undefined;
  commit: (request: CommitRequest) => CommitFault | undefined;
  /** Whether asking for what is committed, or for the ends of a log, fails. */
  lookup: () => boolean;
  seek: () => boolean;
  connect: () => Error | undefined;
  /** Whether the client of a group, or a reader beside it, brings nothing though there is something. */
  holdBack: (client: 'group' | 'reader') => boolean;
}

/** How long things take, in milliseconds. */
export interface Delays {
  /** Until the broker has answered for a record. */
  delivery: (record: OutgoingRecord) => number;
  /** Until a record that is never answered is given up. */
  deliveryTimeout: number;
  commit: number;
  lookup: number;
  /** Until an administrative client is told which topics there are. */
  describe: number;
  /** Until the partitions of a topic are known; undefined where they are known at once. */
  metadata: (topic: string) => number | undefined;
}

/** A commit as the broker keeps it. */
export interface KeptCommit extends CommitRequest {
  readonly member: string;
}

/** The clients of one process. */
export interface FakeTransport extends Transport {
  readonly producers: readonly FakeProducer[];
  readonly consumers: readonly FakeGroupConsumer[];
  readonly readers: readonly FakeReader[];
  readonly kill: () => void;
}

/** A Kafka cluster in memory, with the transport of its clients. Rebalances and faults happen when a test says so. */
export class FakeKafka {
  readonly clock: Clock;
  readonly faults: Faults = {
    produce: () => undefined,
    commit: () => undefined,
    lookup: () => false,
    seek: () => false,
    connect: () => undefined,
    holdBack: () => false,
  };
  readonly delays: Delays = {
    delivery: () => 1,
    deliveryTimeout: 120_000,
    commit: 1,
    lookup: 1,
    describe: 0,
    metadata: () => undefined,
  };
  /** What the clients of a group are told of the cluster. */
  clusterId = 'cluster';
  /** The broker's limit for commit metadata. */
  maxMetadataCharacters = 4_095;
  /** Called for every commit that the broker has taken. */
  onCommit: (commit: KeptCommit, groupId: string) => void = () => undefined;
  /** Called for every record that was written, with its place. */
  onAppend: (record: OutgoingRecord, place: TopicPartition & { readonly offset: number }) => void = () => undefined;
  /** Called when a member begins to read a partition that it was given. */
  onAssign: (member: FakeGroupConsumer, place: TopicPartition) => void = () => undefined;
  /** What administrative clients and readers beside a group may do with a topic. */
  operationsOn: (topic: string) => ReadonlySet<TopicOperation> = () => new Set(['read', 'write', 'describe', 'alter']);
  /** Calls that a client must never make. */
  readonly misuses: string[] = [];
  readonly #topics = new Map<string, FakeLog[]>();
  readonly #groups = new Map<string, FakeGroup>();
  readonly #readers = new Set<FakeReader>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  createTopic(topic: string, partitions = 1): void {
    if (this.#topics.has(topic)) return;
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => new FakeLog(topic, partition)),
    );
  }

  dropTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  /** All topics, with their numbers of partitions. */
  get topics(): readonly (readonly [topic: string, partitions: number])[] {
    return Array.from(this.#topics, ([topic, logs]) => [topic, logs.length] as const);
  }

  partitions(topic: string): readonly FakeLog[] | undefined {
    return this.#topics.get(topic);
  }

  log(topic: string, partition = 0): FakeLog {
    const log = this.#topics.get(topic)?.[partition];
    if (log === undefined) throw new Error(`there is no ${topic}/${partition}`);
    return log;
  }

  /** What identifies a log to the members of a group. */
  logIdentity({ topic, partition }: TopicPartition): string {
    return `${this.clusterId}/${topic}/${partition}`;
  }

  group(groupId: string): FakeGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new FakeGroup(this, groupId);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  /** Writes a record as any client might, and tells the readers. */
  append(record: OutgoingRecord): TopicPartition & { readonly offset: number } {
    const logs = this.#topics.get(record.topic);
    if (logs === undefined) throw new Error(`there is no topic ${record.topic}`);
    if (COPIES.test(record.topic)) secretWatch.saw('the headers of a copy', addedHeaders(record));
    const partition = record.partition ?? (record.key === null ? 0 : partitionFor(record.key, logs.length));
    const offset = this.log(record.topic, partition).append(record, record.timestampMs ?? this.clock.nowMs());
    for (const group of this.#groups.values()) group.wake(record.topic, partition);
    for (const reader of this.#readers) reader.wake();
    const place = { topic: record.topic, partition, offset };
    this.onAppend(record, place);
    return place;
  }

  /** The clients of one process; `kill` has them fall silent, as SIGKILL does. */
  transport(): FakeTransport {
    const producers: FakeProducer[] = [];
    const consumers: FakeGroupConsumer[] = [];
    const readers: FakeReader[] = [];
    return {
      producers,
      consumers,
      readers,
      createProducer: () => {
        const producer = new FakeProducer(this);
        producers.push(producer);
        return producer;
      },
      createGroupConsumer: (options) => {
        const consumer = new FakeGroupConsumer(this, this.group(options.groupId), options);
        consumers.push(consumer);
        return consumer;
      },
      createReader: () => {
        const reader = new FakeReader(this);
        readers.push(reader);
        this.#readers.add(reader);
        return reader;
      },
      createGroupOffsets: (groupId) => new FakeGroupOffsets(this, this.group(groupId)),
      createAdmin: () => new FakeAdmin(this),
      kill: () => {
        for (const producer of producers) producer.kill();
        for (const consumer of consumers) consumer.kill();
        for (const reader of readers) reader.kill();
      },
    };
  }
}

/** The rest of a copy is as somebody else wrote it. */
function addedHeaders({ headers }: OutgoingRecord): OutgoingRecord['headers'] {
  return headers.filter(({ name }) => name.startsWith('dlq-'));
}
