import { delay } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import { readerConfig, type TransportContext } from './client-config.js';
import { ConsumerClient } from './consumer-client.js';
import { ConsumerRequests } from './consumer-requests.js';
import type { Driver, DriverAdmin, DriverError } from './driver-types.js';
import { CODE, codeOf, reasonOf, requestError } from './librdkafka-errors.js';
import type { ResolvedTransportOptions } from './options.js';
import type { CommitRequest, CommittedPosition, GroupOffsets, LogRange, TopicPartition } from './port.js';

const ANSWER_POLL_MS = 20;
/** Of every cluster with groups; what it answers does not matter, only that the coordinator answers for the group. */
const ANY_TOPIC = '__consumer_offsets';

/** A group rebalances, completes that, or is stable. The client knows no filter for the other states with members. */
const STATES_WITH_MEMBERS = [1, 2, 3];

/**
 * The offsets of a group over the native client: a consumer that never subscribes. A broker takes commits of such a
 * client where the group has no members, and refuses them where it has, under both group protocols.
 */
export class ConfluentGroupOffsets implements GroupOffsets {
  readonly #options: ResolvedTransportOptions;
  readonly #groupId: string;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #client: ConsumerClient;
  #admin: DriverAdmin | undefined;
  /** Why the group may not be read. */
  #denied: Error | undefined;
  /** To the last commit. */
  #answer: { readonly error: DriverError | undefined } | undefined;

  constructor(options: ResolvedTransportOptions, groupId: string, context: TransportContext, loadDriver: () => Driver) {
    this.#options = options;
    this.#groupId = groupId;
    this.#context = context;
    this.#loadDriver = loadDriver;
    this.#client = new ConsumerClient(context, options.connectTimeoutMs);
  }

  async connect(): Promise<void> {
    const driver = this.#loadDriver();
    const reader = { groupId: this.#groupId, clientIdSuffix: 'offsets' };
    const config = { ...readerConfig(this.#options, reader, this.#context), offset_commit_cb: true };
    const listener = { onReadable: () => undefined, onEnd: () => undefined, onError: () => undefined };
    await this.#client.connect(driver, config, listener, () => Promise.resolve());
    const { native } = this.#client;
    native.on('offset.commit', (error) => {
      this.#answer = { error };
    });
    this.#admin = driver.AdminClient.createFrom(native, { error: () => undefined });
    // The client tells it once, and forgets it where nobody asks soon. What needs no group goes on.
    try {
      await this.#requests().checkAccessOnConnect(ANY_TOPIC, this.#options.connectTimeoutMs, this.#context.clock);
    } catch (error) {
      this.#denied = error as Error;
    }
  }

  async hasMembers(timeoutMs: number): Promise<boolean> {
    const admin = this.#admin;
    if (admin === undefined) throw tenantryError('NOT_RUNNING', 'the client is not connected');
    // Not described by name: where that is refused, the native client crashes the process.
    const { groups } = await this.#client.calls.run<{ readonly groups: readonly { readonly groupId: string }[] }>(
      'asking for groups',
      (callback) => {
        admin.listGroups({ timeout: timeoutMs, matchConsumerGroupStates: STATES_WITH_MEMBERS }, callback);
      },
    );
    return groups.some(({ groupId }) => groupId === this.#groupId);
  }

  async committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<readonly CommittedPosition[]> {
    const [first] = partitions;
    if (first === undefined) return [];
    if (this.#denied !== undefined) throw this.#denied;
    const requests = this.#requests();
    await requests.checkAccess(first.topic, timeoutMs, this.#context.clock);
    return requests.committed(partitions, timeoutMs);
  }

  async logRange(partition: TopicPartition, timeoutMs: number): Promise<LogRange> {
    return this.#requests().logRange(partition, timeoutMs);
  }

  async partitionCount(topic: string, timeoutMs: number): Promise<number> {
    const count = await this.#requests().partitionCount(topic, timeoutMs);
    if (count > 0) return count;
    throw tenantryError('TOPIC_NOT_FOUND', `${topic}: does not exist, or may not be described`, { topics: [topic] });
  }

  async offsetForTime(partition: TopicPartition, timestampMs: number, timeoutMs: number): Promise<number | undefined> {
    return this.#requests().offsetForTime(partition, timestampMs, timeoutMs);
  }

  /** The client tells neither the cluster's id nor the topic's: the names are all there is. */
  logIdentity({ topic, partition }: TopicPartition): string {
    return `/${topic}/${partition}`;
  }

  async commit(requests: readonly CommitRequest[], timeoutMs: number): Promise<void> {
    const what = `setting offsets of group ${this.#groupId}`;
    this.#answer = undefined;
    try {
      this.#client.native.commit(requests);
    } catch (error) {
      throw this.#refusal(what, error);
    }
    const answer = await this.#answerWithin(timeoutMs);
    if (answer === undefined) throw requestError(what, CODE.timedOut, 'the broker may have taken it all the same');
    if (answer.error !== undefined) throw this.#refusal(what, answer.error);
  }

  async disconnect(timeoutMs: number): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await this.#client.disconnect(timeoutMs, () => admin?.disconnect());
  }

  /** The answer is an event, and events come only while the client is polled. */
  async #answerWithin(timeoutMs: number): Promise<{ readonly error: DriverError | undefined } | undefined> {
    const { clock } = this.#context;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (this.#answer === undefined && clock.monotonicMs() < deadlineMs) {
      await this.#client.poll(1);
      await delay(clock, ANSWER_POLL_MS);
    }
    return this.#answer;
  }

  #refusal(what: string, error: unknown): Error {
    const code = codeOf(error);
    if (code !== CODE.unknownMember) return requestError(what, code, reasonOf(error));
    return tenantryError(
      'INVALID_STATE',
      `${what}: it has members, and only they may commit: stop every consumer of the group first`,
    );
  }

  #requests(): ConsumerRequests {
    return new ConsumerRequests(this.#client.native, this.#client.calls, this.#groupId);
  }
}
