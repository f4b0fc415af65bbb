import { delay, type Clock } from '../core/clock.js';
import { isTenantryError } from '../core/errors.js';
import type { DriverConsumer, DriverMetadata, DriverTopicPartition } from './driver-types.js';
import { codeOf, reasonOf, requestError } from './librdkafka-errors.js';
import type { NativeCalls } from './native-calls.js';
import type { CommittedPosition, LogRange, TopicPartition } from './port.js';

/** A client that connects waits no longer to hear that it may not read. */
const ACCESS_TIMEOUT_MS = 5_000;
const ACCESS_TURN_MS = 500;
const ACCESS_PAUSE_MS = 50;

/** What a group consumer asks the brokers. Each fails as `requestError` says. */
export class ConsumerRequests {
  readonly #native: DriverConsumer;
  readonly #calls: NativeCalls;
  readonly #groupId: string;

  constructor(native: DriverConsumer, calls: NativeCalls, groupId: string) {
    this.#native = native;
    this.#calls = calls;
    this.#groupId = groupId;
  }

  async committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<readonly CommittedPosition[]> {
    const what = `asking what group ${this.#groupId} has committed`;
    const answers = await this.#calls.run<readonly (DriverTopicPartition | Error)[]>(what, (callback) =>
      this.#native.committed(partitions, timeoutMs, callback),
    );
    return answers.map((answer) => {
      if (answer instanceof Error) throw requestError(what, codeOf(answer), reasonOf(answer));
      const { topic, partition, offset, metadata = '', leaderEpoch } = answer;
      // The client terminates metadata with a NUL, and the broker gives it back as part of the text.
      const text = metadata.replace(/\0+$/, '');
      return { topic, partition, offset, metadata: text, leaderEpoch: offset === undefined ? undefined : leaderEpoch };
    });
  }

  logRange({ topic, partition }: TopicPartition, timeoutMs: number): Promise<LogRange> {
    return this.#calls.run(`asking for the ends of ${topic}/${partition}`, (callback) => {
      this.#native.queryWatermarkOffsets(topic, partition, timeoutMs, callback);
    });
  }

  async offsetForTime(
    { topic, partition }: TopicPartition,
    timestampMs: number,
    timeoutMs: number,
  ): Promise<number | undefined> {
    const what = `asking for an offset of ${topic}/${partition} by time`;
    const [answer] = await this.#calls.run<readonly (DriverTopicPartition | Error)[]>(what, (callback) => {
      this.#native.offsetsForTimes([{ topic, partition, offset: timestampMs }], timeoutMs, callback);
    });
    if (answer instanceof Error) throw requestError(what, codeOf(answer), reasonOf(answer));
    return answer?.offset !== undefined && answer.offset >= 0 ? answer.offset : undefined;
  }

  /** 0 where the topic does not exist, or may not be described. */
  async partitionCount(topic: string, timeoutMs: number): Promise<number> {
    const request = { topic, allTopics: false, timeout: timeoutMs };
    const { topics } = await this.#calls.run<DriverMetadata>(`asking for topic ${topic}`, (callback) => {
      this.#native.getMetadata(request, callback);
    });
    return topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
  }

  /** `checkAccess` of a client that connects. */
  checkAccessOnConnect(topic: string, connectTimeoutMs: number, clock: Clock): Promise<void> {
    return this.checkAccess(topic, Math.min(ACCESS_TIMEOUT_MS, connectTimeoutMs), clock);
  }

  /**
   * Fails with `BROKER_ACCESS_DENIED` where the group may not be read. The client leaves such a request without an
   * answer, and tells the reason to who polls. Whatever else keeps it from an answer passes.
   */
  async checkAccess(topic: string, timeoutMs: number, clock: Clock): Promise<void> {
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (clock.monotonicMs() < deadlineMs) {
      const asked = await codeOfFailure(this.committed([{ topic, partition: 0 }], ACCESS_TURN_MS));
      if (asked !== 'BROKER_UNREACHABLE') return;
      const polled = this.#calls.run(`reading as group ${this.#groupId}`, (callback) => {
        this.#native.consume(1, callback);
      });
      await codeOfFailure(polled);
      await delay(clock, ACCESS_PAUSE_MS);
    }
  }
}

/** @returns undefined where there is an answer. Fails where access was denied. */
async function codeOfFailure(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (isTenantryError(error, 'BROKER_ACCESS_DENIED') || !isTenantryError(error)) throw error;
    return error.code;
  }
}
