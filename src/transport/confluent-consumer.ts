import { delay } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { tenantryError } from '../core/errors.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import { consumerConfig, type TransportContext } from './client-config.js';
import { CommitReplies, commitFailure } from './commit-replies.js';
import { attachListeners, connectClient, makeClient } from './connect-client.js';
import type {
  Driver,
  DriverConsumer,
  DriverError,
  DriverMessage,
  DriverMetadata,
  DriverTopicPartition,
} from './driver-types.js';
import { CODE, codeOf, consumerFault, EVENT_TEXT, reasonOf, requestError } from './librdkafka-errors.js';
import { atMost, NativeCalls } from './native-calls.js';
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
import { fromDriverHeaders } from './wire-headers.js';

const COMMIT_TIMEOUT_MS = 10_000;
const SEEK_TIMEOUT_MS = 5_000;
/** How long the end of a client is put off while no broker answers. */
const REACHABLE_WAIT_MS = 60_000;
const REACHABLE_PROBE_MS = 1_000;
const REACHABLE_PAUSE_MS = 4_000;
/** How often a client that connects is asked for its error events. */
const CONNECT_POLL_MS = 50;

/**
 * The group consumer over the native client.
 *
 * What the client cannot do, and its callers must live with:
 * - An error that arrives behind records of the same `poll` is dropped by the client, and no error says which
 *   partition it is about. A reader that does not advance must be noticed by comparing it with the log.
 * - `assign` knows no leader epoch; `commit` does.
 */
export class ConfluentConsumer implements GroupConsumer {
  readonly #options: ResolvedTransportOptions;
  readonly #group: GroupConsumerOptions;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #calls = new NativeCalls();
  readonly #commits: CommitReplies;
  #client: DriverConsumer | undefined;
  #listener: GroupListener | undefined;
  #isPolling = false;
  #isClosing = false;
  /** Remembered, because a client that closes does not tell any more. */
  #isCooperative = true;
  #disconnected: Promise<void> | undefined;

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
    this.#commits = new CommitReplies(context.clock, COMMIT_TIMEOUT_MS);
  }

  async connect(listener: GroupListener): Promise<void> {
    const client = this.#makeClient();
    const serveEvents = (stillConnecting: () => boolean): void => {
      this.#serveEvents(client, stillConnecting);
    };
    await connectClient(client, serveEvents, this.#options.connectTimeoutMs, this.#context);
    try {
      await this.#checkTopics(client);
      if (this.#isClosing) throw tenantryError('NOT_RUNNING', 'the consumer was disconnected');
      this.#client = client;
      this.#listener = listener;
      client.subscribe(this.#group.topics);
    } catch (error) {
      this.#client = undefined;
      await atMost(this.#context.clock, this.#options.connectTimeoutMs, this.#end(client));
      throw error;
    }
  }

  async poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    if (this.#isClosing) return [];
    if (this.#isPolling) throw tenantryError('INVALID_STATE', 'a poll of this consumer is still running');
    const client = this.#running();
    this.#isPolling = true;
    try {
      return await this.#calls.run<readonly ReceivedRecord[]>('polling', (callback) => {
        client.consume(maxRecords, (error, messages) => {
          if (error) this.#reportFault(error);
          callback(null, error ? [] : messages.map(toReceivedRecord));
        });
      });
    } finally {
      this.#isPolling = false;
    }
  }

  async committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<readonly CommittedPosition[]> {
    const client = this.#running();
    const what = `asking what group ${this.#group.groupId} has committed`;
    const answers = await this.#calls.run<readonly (DriverTopicPartition | Error)[]>(what, (callback) =>
      client.committed(partitions, timeoutMs, callback),
    );
    return answers.map((answer) => {
      if (answer instanceof Error) throw requestError(what, codeOf(answer), reasonOf(answer));
      const { topic, partition, offset, metadata = '', leaderEpoch } = answer;
      // The client terminates metadata with a NUL, and the broker gives it back as part of the text.
      const text = metadata.replace(/\0+$/, '');
      return { topic, partition, offset, metadata: text, leaderEpoch: offset === undefined ? undefined : leaderEpoch };
    });
  }

  async logRange({ topic, partition }: TopicPartition, timeoutMs: number): Promise<LogRange> {
    const client = this.#running();
    return this.#calls.run(`asking for the ends of ${topic}/${partition}`, (callback) => {
      client.queryWatermarkOffsets(topic, partition, timeoutMs, callback);
    });
  }

  async offsetForTime(
    { topic, partition }: TopicPartition,
    timestampMs: number,
    timeoutMs: number,
  ): Promise<number | undefined> {
    const client = this.#running();
    const what = `asking for an offset of ${topic}/${partition} by time`;
    const [answer] = await this.#calls.run<readonly (DriverTopicPartition | Error)[]>(what, (callback) => {
      client.offsetsForTimes([{ topic, partition, offset: timestampMs }], timeoutMs, callback);
    });
    if (answer instanceof Error) throw requestError(what, codeOf(answer), reasonOf(answer));
    return answer?.offset !== undefined && answer.offset >= 0 ? answer.offset : undefined;
  }

  /** The client tells neither the cluster's id nor the topic's: the names are all there is. */
  logIdentity({ topic, partition }: TopicPartition): string {
    return `/${topic}/${partition}`;
  }

  assign(positions: readonly StartPosition[]): void {
    const client = this.#running();
    if (!this.#isClosing) this.#answerAssigned(client, positions);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    const client = this.#running();
    if (!this.#isClosing) this.#answerRevoked(client, partitions);
  }

  async seek(position: StartPosition): Promise<void> {
    const client = this.#running();
    const { topic, partition, offset } = position;
    const what = `seeking in ${topic}/${partition}`;
    const hasMoved = await this.#calls.run<boolean>(what, (callback) =>
      client.seek({ topic, partition, offset }, SEEK_TIMEOUT_MS, (error) => {
        if (codeOf(error) === CODE.wrongState) callback(null, false);
        else callback(error, true);
      }),
    );
    if (hasMoved || this.#isClosing) return;
    // Out of its range a partition stands still and cannot be moved; taken away and given back it begins anew.
    try {
      client.incrementalUnassign([{ topic, partition }]);
      client.incrementalAssign([position]);
    } catch (error) {
      throw requestError(what, codeOf(error), reasonOf(error));
    }
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    const client = this.#running();
    if (this.#isClosing) return commitFailure(new Error('the consumer is disconnecting'));
    try {
      client.commit(request);
    } catch (error) {
      return commitFailure(error);
    }
    return this.#commits.expect(request);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#tell((client) => client.pause(partitions));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#tell((client) => client.resume(partitions));
  }

  disconnect(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    const client = this.#client;
    if (client !== undefined) this.#disconnected ??= this.#close(client, timeoutMs);
    return this.#disconnected ?? Promise.resolve();
  }

  async #close(client: DriverConsumer, timeoutMs: number): Promise<void> {
    this.#commits.abandon('the consumer was disconnected before the broker answered');
    await atMost(this.#context.clock, timeoutMs, this.#end(client));
  }

  async #end(client: DriverConsumer): Promise<void> {
    await this.#calls.idle();
    await this.#reachable(client);
    const ended = deferred<undefined>();
    client.disconnect(() => {
      ended.resolve(undefined);
    });
    await ended.promise;
  }

  /**
   * Resolves once a broker answers, or after a while. Until one does, the native client would wait in its own
   * `disconnect` for commits that are on their way, on a thread for which even `process.exit()` waits.
   */
  async #reachable(client: DriverConsumer): Promise<void> {
    const { clock } = this.#context;
    const deadlineMs = clock.monotonicMs() + REACHABLE_WAIT_MS;
    while (clock.monotonicMs() < deadlineMs) {
      try {
        await this.#calls.run<DriverMetadata>('disconnecting', (callback) => {
          client.getMetadata({ allTopics: false, timeout: REACHABLE_PROBE_MS }, callback);
        });
        return;
      } catch {
        await delay(clock, REACHABLE_PAUSE_MS);
      }
    }
  }

  #makeClient(): DriverConsumer {
    const driver = this.#loadDriver();
    const client = makeClient(
      () =>
        new driver.KafkaConsumer({
          ...consumerConfig(this.#options, this.#group, this.#context),
          offset_commit_cb: true,
          rebalance_cb: (error: DriverError | undefined, partitions: readonly TopicPartition[]) => {
            this.#onRebalance(client, error, partitions);
          },
          // Not documented; the client's own promise layer waits for records with it.
          queue_non_empty_cb: () => {
            if (!this.#isClosing) this.#listener?.onReadable();
          },
        }),
    );
    client.setDefaultConsumeTimeout(0);
    attachListeners(client, this.#context);
    client.on('offset.commit', (error, partitions) => {
      this.#commits.onEvent(error, partitions);
    });
    client.on('event.error', ({ message }) => {
      if (message === EVENT_TEXT.fatal) this.#listener?.onError({ kind: 'fatal', reason: message });
    });
    return client;
  }

  /** A consumer's error events arrive only while it is polled. */
  #serveEvents(client: DriverConsumer, stillConnecting: () => boolean): void {
    if (!stillConnecting()) return;
    client.consume(1, () => {
      this.#context.clock.setTimer(CONNECT_POLL_MS, () => {
        this.#serveEvents(client, stillConnecting);
      });
    });
  }

  async #checkTopics(client: DriverConsumer): Promise<void> {
    const missing: string[] = [];
    for (const topic of this.#group.topics) {
      const request = { topic, allTopics: false, timeout: this.#options.connectTimeoutMs };
      const { topics } = await this.#calls.run<DriverMetadata>(`asking for topic ${topic}`, (callback) => {
        client.getMetadata(request, callback);
      });
      if ((topics.find(({ name }) => name === topic)?.partitions.length ?? 0) === 0) missing.push(topic);
    }
    if (missing.length === 0) return;
    const names = missing.join(', ');
    throw tenantryError('TOPIC_NOT_FOUND', `${names}: does not exist, or may not be described`, { topics: missing });
  }

  #onRebalance(client: DriverConsumer, error: DriverError | undefined, event: readonly TopicPartition[]): void {
    const code = codeOf(error);
    if (code !== CODE.assignPartitions && code !== CODE.revokePartitions) {
      if (error !== undefined) this.#reportFault(error);
      return;
    }
    if (!this.#isClosing) this.#isCooperative = client.rebalanceProtocol() !== 'EAGER';
    const partitions = event.map(({ topic, partition }) => ({ topic, partition }));
    const assigned = code === CODE.assignPartitions;
    if (this.#isClosing || partitions.length === 0) {
      // The client asks while it closes, also about what the listener has not answered yet.
      if (assigned) this.#answerAssigned(client, []);
      else this.#answerRevoked(client, partitions);
    } else if (assigned) {
      this.#listener?.onAssigned(partitions);
    } else {
      this.#listener?.onRevoked(partitions, client.assignmentLost());
    }
  }

  #answerAssigned(client: DriverConsumer, positions: readonly StartPosition[]): void {
    this.#answer(() => (this.#isCooperative ? client.incrementalAssign(positions) : client.assign(positions)));
  }

  #answerRevoked(client: DriverConsumer, partitions: readonly TopicPartition[]): void {
    this.#answer(() => (this.#isCooperative ? client.incrementalUnassign(partitions) : client.unassign()));
  }

  #answer(call: () => unknown): void {
    try {
      call();
    } catch (error) {
      if (!this.#isClosing) this.#reportFault(error);
    }
  }

  /** A partition may be revoked while somebody still wants to pause it: that is no fault. */
  #tell(call: (client: DriverConsumer) => unknown): void {
    const client = this.#running();
    if (this.#isClosing) return;
    try {
      call(client);
    } catch (error) {
      this.#context.telemetry.log('clientCallRefused', { reason: reasonOf(error) });
    }
  }

  #reportFault(error: unknown): void {
    if (this.#isClosing) return;
    const fault = consumerFault(codeOf(error), reasonOf(error));
    queueMicrotask(() => {
      if (!this.#isClosing) this.#listener?.onError(fault);
    });
  }

  #running(): DriverConsumer {
    if (this.#client === undefined) throw tenantryError('NOT_RUNNING', 'the consumer is not connected');
    return this.#client;
  }
}

function toReceivedRecord(message: DriverMessage): ReceivedRecord {
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    key: message.key,
    value: message.value,
    headers: fromDriverHeaders(message.headers),
    timestampMs: message.timestamp,
    leaderEpoch: message.leaderEpoch,
  };
}
