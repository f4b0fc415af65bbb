import type { OutgoingRecord, ReceivedRecord } from '../record/wire-record.js';

/** Why the broker or the client did not write a record, in terms that need no knowledge of the driver. */
export interface DeliveryFailure {
  /**
   * `unknown`: the record may have been written. `invalid`: this record never will be, it is too large or
   * malformed. `refused`: no record is, until somebody changes something. `failed`: it was not, try again.
   */
  readonly kind: 'unknown' | 'invalid' | 'refused' | 'failed';
  /** The client's own short name for it, such as `Broker: Message size too large`. */
  readonly reason: string;
}

/**
 * What became of a produced record. The offset is −1 where the broker says that it has it already, and not where: an
 * answer was lost, and it was sent again.
 */
export type Delivery =
  | { readonly partition: number; readonly offset: number; readonly failure?: undefined }
  | { readonly failure: DeliveryFailure };

/** Writes records. Idempotent, acks=all, in order per partition. */
export interface RecordProducer {
  /** Fails with `BROKER_UNREACHABLE` or `BROKER_ACCESS_DENIED`. */
  connect(): Promise<void>;
  /**
   * How many partitions a topic has: at once where it is known, else after asking the broker.
   * Fails with `TOPIC_NOT_FOUND` or `BROKER_UNREACHABLE`.
   */
  partitionCount(topic: string): number | Promise<number>;
  /**
   * Hands a record over. `onDelivery` is called exactly once, later, never from within. Where the record was taken, it
   * was copied: the caller may write over its bytes.
   *
   * @returns false where the client's queue is full; the record was not taken then
   */
  produce(record: OutgoingRecord, onDelivery: (delivery: Delivery) => void): boolean;
  /** Waits up to `timeoutMs` for what is in flight, then reports the rest as unknown. Never rejects. */
  disconnect(timeoutMs: number): Promise<void>;
}

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a group has committed for a partition. */
export interface CommittedPosition extends TopicPartition {
  /** undefined where the group has committed nothing. */
  readonly offset: number | undefined;
  readonly metadata: string;
  readonly leaderEpoch: number | undefined;
}

/** Where reading of a partition begins. */
export interface StartPosition extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number | undefined;
}

/** A commit of one partition. */
export interface CommitRequest extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
  readonly leaderEpoch: number | undefined;
}

/** The broker's answer to a commit. */
export type CommitResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The broker's limit for metadata is smaller than what was sent (error 12). */
      readonly metadataTooLarge: boolean;
    };

/** The first and the next offset of a partition's log. */
export interface LogRange {
  readonly lowOffset: number;
  readonly highOffset: number;
}

/** What a group consumer is told. Each is called from the event loop, never from within a call of the consumer. */
export interface GroupListener {
  /**
   * These partitions are ours, beside those that were before; the listener answers with `assign`, when it is ready.
   * None where the group has nothing, or nothing more, for this member; there is nothing to answer then. A member
   * for which the `consumer` protocol has nothing from the first is told a second or two after it has joined.
   */
  onAssigned(partitions: readonly TopicPartition[]): void;
  /**
   * These partitions go away; the listener answers with `unassign`, when it has finished.
   * `lost`: they are gone already, nothing can be committed any more.
   */
  onRevoked(partitions: readonly TopicPartition[], lost: boolean): void;
  /** There may be something to read. */
  onReadable(): void;
  /**
   * Reading has come to the end of a partition's log, and nothing that it may deliver lies below this offset
   * any more: also where the last offsets hold markers of transactions or were compacted away. Where a transaction
   * is open, its first record is the end. Called by the `poll` that has come there, before it resolves: records
   * from below the offset may be among those that it resolves with, and none comes with a later one.
   *
   * Told again after more was read, after the position was moved, to where it is or elsewhere, and after `resume`.
   * Not told at all where `onError` is for the same poll.
   */
  onEnd(partition: TopicPartition, offset: number): void;
  /** The client cannot go on with a partition or at all. */
  onError(error: ConsumerFault): void;
}

/** A fault of a running consumer. */
export interface ConsumerFault {
  /** `out-of-range`: some position is not in its log, or the log was cut before it; the client does not go on there. `unreadable`: a batch cannot be read. `fatal`: the client is dead. `other`: passing, the client goes on. */
  readonly kind: 'out-of-range' | 'unreadable' | 'fatal' | 'other';
  readonly reason: string;
}

/** Reads records as a member of a consumer group. */
export interface GroupConsumer {
  /** Joins the group. Fails with `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED` or `TOPIC_NOT_FOUND`. */
  connect(listener: GroupListener): Promise<void>;
  /** Up to `maxRecords` of what the client has fetched, at once. Polling also keeps the membership alive. */
  poll(maxRecords: number): Promise<readonly ReceivedRecord[]>;
  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<readonly CommittedPosition[]>;
  logRange(partition: TopicPartition, timeoutMs: number): Promise<LogRange>;
  /** The end of an assigned partition's log as the last fetch was told it, without asking; undefined before one. */
  knownEnd(partition: TopicPartition): number | undefined;
  /** How many partitions a topic has. Fails with `TOPIC_NOT_FOUND`. */
  partitionCount(topic: string, timeoutMs: number): Promise<number>;
  /** Whether the brokers can be asked for offsets by time; those in the process cannot. */
  readonly findsTimes: boolean;
  /** The first offset whose record timestamp is at or after `timestampMs`; undefined where there is none. */
  offsetForTime(partition: TopicPartition, timestampMs: number, timeoutMs: number): Promise<number | undefined>;
  /** An id of the log behind a topic: cluster and topic, as far as the client can tell them. */
  logIdentity(partition: TopicPartition): string;
  /**
   * Begins to read partitions that `onAssigned` has named. The first call after it is the answer to the group, also
   * where it leaves some out; those may follow later, one by one, in a rebalance or not: the group takes them for
   * this member's either way, under both protocols. What was revoked meanwhile is left out.
   */
  assign(positions: readonly StartPosition[]): void;
  /** The answer to `onRevoked`, with all that it named, whether it was assigned or not. */
  unassign(partitions: readonly TopicPartition[]): void;
  /**
   * Whether this member waits for the group to be balanced anew. The word that it leaves would wait too, and be
   * given up after 5 s: its partitions would have no owner until its session is over. Known at once where partitions
   * of this member move, and after a second at most where only others' do. Never under the `consumer` protocol.
   */
  readonly isRejoining: boolean;
  /**
   * Moves the reading position of an assigned partition. It waits for the `poll` that runs, and polls wait for it:
   * what resolves later than this is from the new position on. A partition that stands still, because its position
   * is out of its log, cannot be moved while a change of the assignment is unanswered: fails with
   * `BROKER_UNREACHABLE` then.
   */
  seek(position: StartPosition): Promise<void>;
  /** Commits and resolves with the broker's answer; polling must go on for the answer to arrive. */
  commit(request: CommitRequest): Promise<CommitResult>;
  /** Not while a `poll` runs: it may bring what it has fetched already. */
  pause(partitions: readonly TopicPartition[]): void;
  /** Not while a `poll` runs either. */
  resume(partitions: readonly TopicPartition[]): void;
  /** Leaves the group. Never rejects. */
  disconnect(timeoutMs: number): Promise<void>;
}

/** What a reader is told. Each is called from the event loop, never from within a call of the reader. */
export type ReaderListener = Pick<GroupListener, 'onReadable' | 'onEnd' | 'onError'>;

/** Reads the partitions it is told to, from where it is told. It belongs to no group and commits nothing. */
export interface PartitionReader {
  /** Fails with `BROKER_UNREACHABLE` or `BROKER_ACCESS_DENIED`. */
  connect(listener: ReaderListener): Promise<void>;
  /** Up to `maxRecords` of what the client has fetched, at once. */
  poll(maxRecords: number): Promise<readonly ReceivedRecord[]>;
  /**
   * Begins to read a partition at an offset, or goes on from there. It waits for the `poll` that runs, and polls wait
   * for it: what resolves later than this begins at the first record at or above the offset, and leaves none out.
   *
   * An `out-of-range` that is told later may still be about a position from before this, and the partition stands
   * still then too: whoever is told reads each of its partitions anew.
   */
  read(position: StartPosition): Promise<void>;
  /** Reads a partition no longer: no poll that resolves later brings anything of it. */
  leave(partition: TopicPartition): void;
  /** Never rejects. */
  disconnect(timeoutMs: number): Promise<void>;
}

/**
 * What a group has committed, seen and set from outside: whoever holds this is never a member. Lookups are those of a
 * group consumer; each fails as they do, and with `BROKER_ACCESS_DENIED`.
 */
export interface GroupOffsets extends Pick<
  GroupConsumer,
  'committed' | 'logRange' | 'partitionCount' | 'offsetForTime' | 'logIdentity'
> {
  /** Fails with `BROKER_UNREACHABLE` or `BROKER_ACCESS_DENIED`. */
  connect(): Promise<void>;
  /** Whether the brokers list the group as one with members: where they do not, it may have some all the same. */
  hasMembers(timeoutMs: number): Promise<boolean>;
  /**
   * Commits all of them in one request, at most one at a time. The broker takes none where the group has members: fails
   * with `INVALID_STATE` then, else with `ADMIN_FAILED`, or with `BROKER_UNREACHABLE` where it may have taken them.
   * Success does not mean that each partition was set: only what is committed afterwards tells.
   */
  commit(requests: readonly CommitRequest[], timeoutMs: number): Promise<void>;
  /** Never rejects. */
  disconnect(timeoutMs: number): Promise<void>;
}

/** A topic to create. */
export interface TopicDefinition {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** What ACLs allow, as far as this library needs it. */
export type TopicOperation = 'read' | 'write' | 'describe' | 'alter';

/** How a topic is laid out. */
export interface TopicShape {
  readonly partitions: number;
  /** Of the partition with the fewest replicas. */
  readonly replicationFactor: number;
}

/** What the brokers tell of themselves. */
export interface ClusterShape {
  /** Each as `host:port`. */
  readonly brokers: readonly string[];
  /** Those that the client may describe. */
  readonly topics: ReadonlyMap<string, TopicShape>;
}

/** Creates and inspects topics. */
export interface TopicAdmin {
  connect(): Promise<void>;
  /** Creates what is missing; resolves with the names that were created. */
  createTopics(topics: readonly TopicDefinition[], timeoutMs: number): Promise<readonly string[]>;
  /** Which of these topics exist, with their partition counts. */
  describeTopics(topics: readonly string[], timeoutMs: number): Promise<ReadonlyMap<string, number>>;
  /** The brokers, and all topics that there are. */
  describeCluster(timeoutMs: number): Promise<ClusterShape>;
  /** What the client may do with topics that are there and may be described. Brokers in the process do not tell. */
  allowedOperations(
    topics: readonly string[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<string, ReadonlySet<TopicOperation>>>;
  disconnect(): Promise<void>;
}

/** Options of one group consumer. */
export interface GroupConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Added to the client id, so that logs and quotas tell clients apart. */
  readonly clientIdSuffix: string;
}

/** Options of one reader. */
export interface ReaderOptions {
  /** Whose permissions it reads with: a group it names, and is never a member of. */
  readonly groupId: string;
  /** Added to the client id, so that logs and quotas tell clients apart. */
  readonly clientIdSuffix: string;
}

/** Everything this library asks of Kafka. */
export interface Transport {
  createProducer(): RecordProducer;
  createGroupConsumer(options: GroupConsumerOptions): GroupConsumer;
  createReader(options: ReaderOptions): PartitionReader;
  createGroupOffsets(groupId: string): GroupOffsets;
  createAdmin(): TopicAdmin;
}
