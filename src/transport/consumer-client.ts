import { delay } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { tenantryError } from '../core/errors.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import type { TransportContext } from './client-config.js';
import { attachListeners, connectClient, makeClient } from './connect-client.js';
import type { Driver, DriverConfig, DriverConsumer, DriverEnd, DriverMessage, DriverMetadata } from './driver-types.js';
import { CODE, codeOf, consumerFault, EVENT_TEXT, reasonOf } from './librdkafka-errors.js';
import { atMost, NativeCalls } from './native-calls.js';
import type { ConsumerFault, ReaderListener, StartPosition, TopicPartition } from './port.js';
import { fromDriverHeaders } from './wire-headers.js';

const SEEK_TIMEOUT_MS = 5_000;
/** How long the end of a client is put off while no broker answers. */
const REACHABLE_WAIT_MS = 60_000;
const REACHABLE_PROBE_MS = 1_000;
const REACHABLE_PAUSE_MS = 4_000;
/** How often a client that connects is asked for its error events. */
const CONNECT_POLL_MS = 50;

/**
 * What the native client does for a group consumer and for a reader alike: it connects, is polled, moves its
 * positions and ends.
 *
 * What it cannot do, and its callers must live with:
 * - An error that arrives behind records of the same `poll` is dropped by the client, and no error says which
 *   partition it is about. A reader that does not advance must be noticed by comparing it with the log.
 * - An error that arrives behind the ends of partitions and before any record takes these ends with it.
 * - An error about a position may arrive after that position was left.
 * - Where reading begins, it knows no leader epoch.
 */
export class ConsumerClient {
  /** The calls that must end before the client does. */
  readonly calls = new NativeCalls();
  readonly #context: TransportContext;
  readonly #connectTimeoutMs: number;
  #native: DriverConsumer | undefined;
  #listener: ReaderListener | undefined;
  #ends: DriverEnd[] = [];
  #isPolling = false;
  #isClosing = false;
  /** Polls and moves take turns: of what is fetched while a position moves, nobody could tell where it belongs. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  #disconnected: Promise<void> | undefined;

  constructor(context: TransportContext, connectTimeoutMs: number) {
    this.#context = context;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Fails with `NOT_RUNNING` until `connect` has resolved. */
  get native(): DriverConsumer {
    if (this.#native === undefined) throw tenantryError('NOT_RUNNING', 'the consumer is not connected');
    return this.#native;
  }

  /** @param check - where it fails, connecting fails */
  async connect(
    driver: Driver,
    config: DriverConfig,
    listener: ReaderListener,
    check: (native: DriverConsumer) => Promise<void>,
  ): Promise<void> {
    const native = this.#makeNative(driver, config);
    const serveEvents = (stillConnecting: () => boolean): void => {
      this.#serveEvents(native, stillConnecting);
    };
    await connectClient(native, serveEvents, this.#connectTimeoutMs, this.#context);
    try {
      await check(native);
      if (this.#isClosing) throw tenantryError('NOT_RUNNING', 'the consumer was disconnected');
      this.#native = native;
      this.#listener = listener;
    } catch (error) {
      await atMost(this.#context.clock, this.#connectTimeoutMs, this.#end(native));
      throw error;
    }
  }

  /** @param keeps - partitions of which records and ends are still wanted once they have arrived */
  async poll(
    maxRecords: number,
    keeps: (partition: TopicPartition) => boolean = () => true,
  ): Promise<readonly ReceivedRecord[]> {
    if (this.#isClosing) return [];
    if (this.#isPolling) throw tenantryError('INVALID_STATE', 'a poll of this consumer is still running');
    const { native } = this;
    this.#isPolling = true;
    try {
      return await this.#inTurn(() => this.#consume(native, maxRecords, keeps));
    } finally {
      this.#isPolling = false;
    }
  }

  /** Runs what moves positions: after the poll that runs, and before the next. */
  move(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isClosing) await work();
    });
  }

  /**
   * Moves the position of an assigned partition, within `move`. The client drops what it has fetched before.
   *
   * @returns false where the partition stands still: out of its range it cannot be moved
   */
  trySeek({ topic, partition, offset }: StartPosition): Promise<boolean> {
    const { native } = this;
    return this.calls.run<boolean>(`seeking in ${topic}/${partition}`, (callback) =>
      native.seek({ topic, partition, offset }, SEEK_TIMEOUT_MS, (error) => {
        if (codeOf(error) === CODE.wrongState) callback(null, false);
        else callback(error, true);
      }),
    );
  }

  /** Tells the listener, later. */
  report(fault: ConsumerFault): void {
    queueMicrotask(() => {
      if (!this.#isClosing) this.#listener?.onError(fault);
    });
  }

  /** @param beforeEnd - the last thing that is done with the native client; it must not throw */
  disconnect(timeoutMs: number, beforeEnd: () => void = () => undefined): Promise<void> {
    this.#isClosing = true;
    const native = this.#native;
    if (native !== undefined) {
      this.#disconnected ??= atMost(this.#context.clock, timeoutMs, this.#end(native, beforeEnd));
    }
    return this.#disconnected ?? Promise.resolve();
  }

  #makeNative(driver: Driver, config: DriverConfig): DriverConsumer {
    // Not documented; the client's own promise layer waits for records with it.
    const queue_non_empty_cb = (): void => {
      if (!this.#isClosing) this.#listener?.onReadable();
    };
    const native = makeClient(() => new driver.KafkaConsumer({ ...config, queue_non_empty_cb }));
    native.setDefaultConsumeTimeout(0);
    attachListeners(native, this.#context);
    native.on('event.error', ({ message }) => {
      if (message === EVENT_TEXT.fatal) this.report({ kind: 'fatal', reason: message });
    });
    native.on('partition.eof', (end) => {
      this.#ends.push(end);
    });
    return native;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(run);
    this.#lastTurn = result.catch(() => undefined);
    return result;
  }

  async #consume(
    native: DriverConsumer,
    maxRecords: number,
    keeps: (partition: TopicPartition) => boolean,
  ): Promise<readonly ReceivedRecord[]> {
    if (this.#isClosing) return [];
    return this.calls.run<readonly ReceivedRecord[]>('polling', (callback) => {
      native.consume(maxRecords, (error, messages) => {
        if (error) this.report(consumerFault(codeOf(error), reasonOf(error)));
        for (const { topic, partition, offset } of this.#ends.splice(0)) {
          if (!this.#isClosing && keeps({ topic, partition })) this.#listener?.onEnd({ topic, partition }, offset);
        }
        callback(null, error ? [] : messages.filter(keeps).map(toReceivedRecord));
      });
    });
  }

  /** A consumer's error events arrive only while it is polled. */
  #serveEvents(native: DriverConsumer, stillConnecting: () => boolean): void {
    if (!stillConnecting()) return;
    native.consume(1, () => {
      this.#context.clock.setTimer(CONNECT_POLL_MS, () => {
        this.#serveEvents(native, stillConnecting);
      });
    });
  }

  async #end(native: DriverConsumer, beforeEnd: () => void = () => undefined): Promise<void> {
    await this.calls.idle();
    await this.#reachable(native);
    beforeEnd();
    const ended = deferred<undefined>();
    native.disconnect(() => {
      ended.resolve(undefined);
    });
    await ended.promise;
  }

  /**
   * Resolves once a broker answers, or after a while. Until one does, the native client would wait in its own
   * `disconnect` for commits that are on their way, on a thread for which even `process.exit()` waits.
   */
  async #reachable(native: DriverConsumer): Promise<void> {
    const { clock } = this.#context;
    const deadlineMs = clock.monotonicMs() + REACHABLE_WAIT_MS;
    while (clock.monotonicMs() < deadlineMs) {
      try {
        await this.calls.run<DriverMetadata>('disconnecting', (callback) => {
          native.getMetadata({ allTopics: false, timeout: REACHABLE_PROBE_MS }, callback);
        });
        return;
      } catch {
        await delay(clock, REACHABLE_PAUSE_MS);
      }
    }
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
