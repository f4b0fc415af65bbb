import { delay } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import { groupConsumerConfig, type TransportContext } from './client-config.js';
import { CommitReplies, commitFailure } from './commit-replies.js';
import { ConsumerClient } from './consumer-client.js';
import { ConsumerRequests } from './consumer-requests.js';
import type { Driver, DriverConsumer, DriverError } from './driver-types.js';
import { GroupAssignment } from './group-assignment.js';
import { reasonOf } from './librdkafka-errors.js';
import { inProcessTopicCreator } from './in-process-brokers.js';
import type { ResolvedTransportOptions } from './options.js';
import type {
  CommitRequest,
  CommitResult,
  CommittedPosition,
  GroupConsumer,
  GroupConsumerOptions,
  GroupListener,
  LogRange,
  StartPosition,
  TopicPartition,
} from './port.js';

/**
 * Longer than librdkafka itself may still deliver a commit (`socket.timeout.ms` is 60 s): one that was given up sooner
 * could reach the broker after the next one, and take the group back to where it was before.
 */
const COMMIT_TIMEOUT_MS = 120_000;
const TELL_NONE_AFTER_MS = 1_000;
/** In a row, each `TELL_NONE_AFTER_MS` after the last: longer than the client waits before it asks to join again. */
const STEADY_ANSWERS = 12;

/** The group consumer over the native client. */
export class ConfluentConsumer implements GroupConsumer {
  readonly #options: ResolvedTransportOptions;
  readonly #group: GroupConsumerOptions;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #client: ConsumerClient;
  readonly #commits: CommitReplies;
  #assignment: GroupAssignment | undefined;

  constructor(
    options: ResolvedTransportOptions,
    group: GroupConsumerOptions,
    context: TransportContext,
    loadDriver: () => Driver,
  ) {
    this.#options = options;
    this.#group = group;
    this.#context = context;
    this.#loadDriver = loadDriver;
    this.#client = new ConsumerClient(context, options.connectTimeoutMs);
    this.#commits = new CommitReplies(context.clock, COMMIT_TIMEOUT_MS);
  }

  async connect(listener: GroupListener): Promise<void> {
    const isClassic = this.#options.groupProtocol === 'classic';
    const assignment: GroupAssignment = new GroupAssignment(this.#client, listener, isClassic, () => {
      if (!isClassic) void this.#tellNone(assignment, false);
    });
    const config = {
      ...groupConsumerConfig(this.#options, this.#group, this.#context),
      offset_commit_cb: true,
      rebalance_cb: (error: DriverError | undefined, partitions: readonly TopicPartition[]) => {
        assignment.onRebalance(error, partitions);
      },
    };
    await this.#client.connect(this.#loadDriver(), config, listener, (native) => this.#check(native));
    const { native } = this.#client;
    native.on('offset.commit', (error, partitions) => {
      this.#commits.onEvent(error, partitions);
    });
    native.on('event.stats', ({ message }) => {
      assignment.onStatistics(message);
    });
    this.#assignment = assignment;
    native.subscribe(this.#group.topics);
    if (!isClassic) void this.#tellNone(assignment, true);
  }

  poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    return this.#client.poll(maxRecords);
  }

  async committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<readonly CommittedPosition[]> {
    return this.#requests().committed(partitions, timeoutMs);
  }

  async logRange(partition: TopicPartition, timeoutMs: number): Promise<LogRange> {
    return this.#requests().logRange(partition, timeoutMs);
  }

  async partitionCount(topic: string, timeoutMs: number): Promise<number> {
    const count = await this.#requests().partitionCount(topic, timeoutMs);
    if (count === 0) throw topicsNotFound([topic]);
    return count;
  }

  knownEnd({ topic, partition }: TopicPartition): number | undefined {
    const { native, isClosing } = this.#client;
    if (isClosing) return undefined;
    try {
      const { highOffset } = native.getWatermarkOffsets(topic, partition);
      return highOffset < 0 ? undefined : highOffset;
    } catch {
      return undefined; // the client has not heard of it yet
    }
  }

  get findsTimes(): boolean {
    return inProcessTopicCreator(this.#options.brokers) === undefined;
  }

  async offsetForTime(partition: TopicPartition, timestampMs: number, timeoutMs: number): Promise<number | undefined> {
    return this.#requests().offsetForTime(partition, timestampMs, timeoutMs);
  }

  /** The client tells neither the cluster's id nor the topic's: the names are all there is. */
  logIdentity({ topic, partition }: TopicPartition): string {
    return `/${topic}/${partition}`;
  }

  assign(positions: readonly StartPosition[]): void {
    const assignment = this.#running();
    if (!this.#client.isClosing) assignment.assign(positions);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    const assignment = this.#running();
    if (!this.#client.isClosing) assignment.unassign(partitions);
  }

  get isRejoining(): boolean {
    return this.#assignment?.isRejoining ?? false;
  }

  async seek(position: StartPosition): Promise<void> {
    const assignment = this.#running();
    await this.#client.move(async () => {
      const hasMoved = await this.#client.trySeek(position);
      if (!hasMoved && !this.#client.isClosing) assignment.restart(position);
    });
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    const { native, isClosing } = this.#client;
    if (isClosing) return commitFailure(new Error('the consumer is disconnecting'));
    try {
      native.commit(request);
    } catch (error) {
      return commitFailure(error);
    }
    return this.#commits.expect(request);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#tell((native) => native.pause(partitions));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#tell((native) => native.resume(partitions));
  }

  disconnect(timeoutMs: number): Promise<void> {
    this.#commits.abandon('the consumer was disconnected before the broker answered');
    return this.#client.disconnect(timeoutMs, () => this.#assignment?.leave());
  }

  async #check(native: DriverConsumer): Promise<void> {
    const requests = new ConsumerRequests(native, this.#client.calls, this.#group.groupId);
    const { connectTimeoutMs } = this.#options;
    const [firstTopic] = this.#group.topics;
    if (firstTopic !== undefined) {
      await requests.checkAccessOnConnect(firstTopic, connectTimeoutMs, this.#context.clock);
    }
    const missing: string[] = [];
    for (const topic of this.#group.topics) {
      if ((await requests.partitionCount(topic, connectTimeoutMs)) === 0) missing.push(topic);
    }
    if (missing.length > 0) throw topicsNotFound(missing);
  }

  /**
   * The client does not tell that the broker has no partitions for this member. But the coordinator answers what a
   * connection asks in order: where it has answered what was asked after joining, joining is answered too. Behind a
   * connection that broke nobody knows when the client asks to join again: then it has to answer for a while.
   */
  async #tellNone(assignment: GroupAssignment, isInOrder: boolean): Promise<void> {
    let untilAnswers = isInOrder ? 1 : STEADY_ANSWERS;
    for (let answers = 0; answers < untilAnswers;) {
      await delay(this.#context.clock, TELL_NONE_AFTER_MS);
      if (this.#client.isClosing) return;
      if (await this.#hasCoordinatorAnswered()) answers += 1;
      else [answers, untilAnswers] = [0, STEADY_ANSWERS];
    }
    assignment.tellNone();
  }

  async #hasCoordinatorAnswered(): Promise<boolean> {
    const [topic = ''] = this.#group.topics;
    try {
      await this.#requests().committed([{ topic, partition: 0 }], TELL_NONE_AFTER_MS);
      return true;
    } catch {
      return false;
    }
  }

  #requests(): ConsumerRequests {
    // The end of the client frees what a request uses that begins now.
    if (this.#client.isClosing) throw tenantryError('NOT_RUNNING', 'the consumer was disconnected');
    return new ConsumerRequests(this.#client.native, this.#client.calls, this.#group.groupId);
  }

  /** A partition may be revoked while somebody still wants to pause it: that is no fault. */
  #tell(call: (native: DriverConsumer) => unknown): void {
    const { native, isClosing } = this.#client;
    if (isClosing) return;
    try {
      call(native);
    } catch (error) {
      this.#context.telemetry.log('clientCallRefused', { reason: reasonOf(error) });
    }
  }

  #running(): GroupAssignment {
    if (this.#assignment === undefined) throw tenantryError('NOT_RUNNING', 'the consumer is not connected');
    return this.#assignment;
  }
}

function topicsNotFound(topics: readonly string[]): Error {
  const names = topics.join(', ');
  return tenantryError('TOPIC_NOT_FOUND', `${names}: does not exist, or may not be described`, { topics });
}
