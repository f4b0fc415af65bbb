// The part of @confluentinc/kafka-javascript's low-level API that this library uses, typed structurally:
// its own declarations leave out or misstate some of it, and no type of the addon may reach our declarations.

/** What the client calls an error: librdkafka's or the broker's code, and its fixed text. */
export interface DriverError extends Error {
  readonly code: number;
}

/** Calls back with a value, or with an error and no value. */
export type DriverCallback<T> = (error: DriverError | null | undefined, value: T) => void;

/** Configuration of a client; functions are its callbacks. */
export type DriverConfig = Record<string, unknown>;

export interface DriverTopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number;
  readonly metadata?: string;
  readonly leaderEpoch?: number | undefined;
}

export interface DriverMetadata {
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  /** A topic that does not exist, or must not be described, is listed without partitions. */
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly replicas?: readonly number[] }[];
  }[];
}

/** Without `topic`, and with `allTopics: false`, only the brokers are asked for. */
export interface DriverMetadataRequest {
  readonly topic?: string;
  readonly allTopics: boolean;
  readonly timeout: number;
}

/** A line that librdkafka logs, with the severity of syslog. */
export interface DriverLog {
  readonly severity: number;
  readonly fac: string;
  readonly message: string;
}

/** What every client can do. */
export interface DriverClient {
  connect(options: object, callback: DriverCallback<unknown>): void;
  getMetadata(request: DriverMetadataRequest, callback: DriverCallback<DriverMetadata>): void;
  on(event: 'event.error' | 'error', listener: (error: Error) => void): unknown;
  on(event: 'event.log', listener: (log: DriverLog) => void): unknown;
}

/** One header: an object with the name as its only key. */
export type DriverHeader = Readonly<Record<string, Buffer>>;

export interface DriverDeliveryReport {
  readonly partition: number;
  readonly offset: number;
  readonly opaque: number;
}

export interface DriverProducer extends DriverClient {
  /** Throws where the record is not taken. A partition of null leaves the choice to the client. */
  produce(
    topic: string,
    partition: number | null,
    value: Buffer | null,
    key: Buffer | null,
    timestamp: number | null,
    opaque: number,
    headers: readonly DriverHeader[],
  ): unknown;
  /** Crashes the process before the native client exists. */
  setPollInBackground(enabled: boolean): unknown;
  disconnect(flushTimeoutMs: number, callback: () => void): void;
}

export interface DriverMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly leaderEpoch?: number;
  readonly headers?: readonly DriverHeader[];
}

/** The end of a partition's log was reached: the next offset to be fetched. */
export interface DriverEnd {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface DriverConsumer extends DriverClient {
  on(event: 'event.error' | 'error', listener: (error: Error) => void): unknown;
  on(event: 'event.log', listener: (log: DriverLog) => void): unknown;
  on(
    event: 'offset.commit',
    listener: (error: DriverError | undefined, partitions: readonly DriverTopicPartition[]) => void,
  ): unknown;
  /** Only with `statistics.interval.ms`; the message is JSON. */
  on(event: 'event.stats', listener: (statistics: { readonly message: string }) => void): unknown;
  /** Only with `enable.partition.eof`; emitted within `consume`, before it calls back. */
  on(event: 'partition.eof', listener: (end: DriverEnd) => void): unknown;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  subscribe(topics: readonly string[]): unknown;
  unsubscribe(): unknown;
  consume(maxRecords: number, callback: DriverCallback<readonly DriverMessage[]>): void;
  /** An element is an Error where that partition could not be looked up. */
  committed(
    partitions: readonly DriverTopicPartition[],
    timeoutMs: number,
    callback: DriverCallback<readonly (DriverTopicPartition | Error)[]>,
  ): unknown;
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    callback: DriverCallback<{ readonly lowOffset: number; readonly highOffset: number }>,
  ): void;
  /** What the client's last fetch was told, negative before one; throws for a partition that it has not heard of. */
  getWatermarkOffsets(topic: string, partition: number): { readonly lowOffset: number; readonly highOffset: number };
  /** `offset` is a timestamp in the request and an offset in the answer, -1 where there is none. */
  offsetsForTimes(
    partitions: readonly DriverTopicPartition[],
    timeoutMs: number,
    callback: DriverCallback<readonly (DriverTopicPartition | Error)[]>,
  ): void;
  assignmentLost(): boolean;
  incrementalAssign(partitions: readonly DriverTopicPartition[]): unknown;
  incrementalUnassign(partitions: readonly DriverTopicPartition[]): unknown;
  seek(partition: DriverTopicPartition, timeoutMs: number, callback: (error?: DriverError) => void): unknown;
  commit(partitions: DriverTopicPartition | readonly DriverTopicPartition[]): unknown;
  pause(partitions: readonly DriverTopicPartition[]): unknown;
  resume(partitions: readonly DriverTopicPartition[]): unknown;
  disconnect(callback: () => void): unknown;
}

export interface DriverNewTopic {
  readonly topic: string;
  readonly num_partitions: number;
  readonly replication_factor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** A filter by states; brokers list what the caller may describe. */
export interface DriverGroupRequest {
  readonly timeout: number;
  readonly matchConsumerGroupStates: readonly number[];
}

export interface DriverAdmin {
  getMetadata(request: DriverMetadataRequest, callback: DriverCallback<DriverMetadata>): void;
  createTopic(topic: DriverNewTopic, timeoutMs: number, callback: (error?: DriverError) => void): void;
  /** Only of topics that may be described. Brokers in the process never answer. */
  describeTopics(
    topics: readonly string[],
    options: { readonly timeout: number; readonly includeAuthorizedOperations: boolean },
    callback: DriverCallback<readonly { readonly name: string; readonly authorizedOperations?: readonly number[] }[]>,
  ): void;
  listGroups(
    request: DriverGroupRequest,
    callback: DriverCallback<{ readonly groups: readonly { readonly groupId: string }[] }>,
  ): void;
  /** Blocks the event loop until a running request of this client has ended. */
  disconnect(): void;
}

/** Listeners that an admin client needs before it connects. */
export interface DriverAdminListeners {
  readonly 'event.error': (error: Error) => void;
  readonly 'event.log': (log: DriverLog) => void;
  readonly error: (error: Error) => void;
}

/** The module `@confluentinc/kafka-javascript`. */
export interface Driver {
  readonly librdkafkaVersion: string;
  readonly Producer: new (config: DriverConfig) => DriverProducer;
  readonly KafkaConsumer: new (config: DriverConfig) => DriverConsumer;
  readonly AdminClient: {
    create(config: DriverConfig, listeners: DriverAdminListeners): DriverAdmin;
    /** Over the connections of a client that must outlive it. */
    createFrom(client: DriverClient, listeners: Pick<DriverAdminListeners, 'error'>): DriverAdmin;
  };
}
