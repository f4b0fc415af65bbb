import { deferred } from '../core/deferred.js';
import type { OutgoingRecord } from '../record/wire-record.js';
import type { TransportContext } from './client-config.js';
import { attachListeners, connectClient, makeClient } from './connect-client.js';
import type { Driver, DriverConfig, DriverDeliveryReport, DriverError, DriverProducer } from './driver-types.js';
import { CODE, codeOf, deliveryFailure, EVENT_TEXT, reasonOf, requestError } from './librdkafka-errors.js';
import type { Delivery } from './port.js';
import { Slots } from './slots.js';
import { toDriverBytes, toDriverHeaders } from './wire-headers.js';

/** The client tells an offset that it does not know as −1001. */
const UNKNOWN_OFFSET = -1;

/** A record that the client took and has not reported on. */
type OnDelivery = (delivery: Delivery) => void;

/** How long closing the native client is waited for where no time is left; it goes on without us. */
const MIN_CLOSE_MS = 1_000;

/**
 * One native producer and the records it has taken. It ends for good with a fatal error (an idempotent producer
 * whose sequence broke cannot go on); its successor is another session.
 */
export class ProducerSession {
  readonly #client: DriverProducer;
  readonly #context: TransportContext;
  readonly #connectTimeoutMs: number;
  // The client would hold a callback given as opaque for ever where a record is never reported; a number it may keep.
  readonly #open = new Slots<OnDelivery>();
  readonly #onUnknownPartition: (topic: string) => void;
  #isFatal = false;
  #onDrained: (() => void) | undefined;

  constructor(
    driver: Driver,
    config: DriverConfig,
    connectTimeoutMs: number,
    context: TransportContext,
    onUnknownPartition: (topic: string) => void,
  ) {
    this.#context = context;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#onUnknownPartition = onUnknownPartition;
    const onReport = this.#onReport.bind(this);
    this.#client = makeClient(() => new driver.Producer({ ...config, dr_cb: onReport }));
    attachListeners(this.#client, context);
    this.#client.on('event.error', ({ message }) => {
      if (message === EVENT_TEXT.fatal) this.#isFatal = true;
    });
  }

  /** Whether the client takes nothing any more. */
  get isFatal(): boolean {
    return this.#isFatal;
  }

  async connect(): Promise<void> {
    const serveEvents = (): void => {
      this.#client.setPollInBackground(true);
    };
    await connectClient(this.#client, serveEvents, this.#connectTimeoutMs, this.#context);
  }

  /** See `RecordProducer.produce`. */
  produce(record: OutgoingRecord, onDelivery: OnDelivery): boolean {
    const { topic, partition = null, value, key, timestampMs = null } = record;
    const id = this.#open.put(onDelivery);
    try {
      const headers = toDriverHeaders(record.headers);
      this.#client.produce(topic, partition, toDriverBytes(value), toDriverBytes(key), timestampMs, id, headers);
    } catch (error) {
      this.#open.take(id);
      const code = codeOf(error);
      if (code === CODE.queueFull) return false;
      if (code === CODE.fatal) this.#isFatal = true;
      if (code === CODE.unknownPartition) this.#onUnknownPartition(topic);
      const { kind, reason } = deliveryFailure(code, reasonOf(error));
      // It was not taken, so at least it is certain that it was not written.
      const failure = { kind: kind === 'unknown' ? 'failed' : kind, reason } as const;
      queueMicrotask(() => {
        onDelivery({ failure });
      });
    }
    return true;
  }

  /** How many partitions a topic has; 0 where it does not exist. */
  partitionCount(topic: string, timeoutMs: number): Promise<number> {
    const count = deferred<number>();
    this.#client.getMetadata({ topic, allTopics: false, timeout: timeoutMs }, (error, metadata) => {
      if (error) count.reject(requestError(`asking for topic ${topic}`, codeOf(error), reasonOf(error)));
      else count.resolve(metadata.topics.find(({ name }) => name === topic)?.partitions.length ?? 0);
    });
    return count.promise;
  }

  /** Waits up to `timeoutMs` for what is in flight, reports the rest as unknown and ends the client. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const { clock } = this.#context;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    await this.#drained(timeoutMs);
    for (const onDelivery of this.#open.takeAll()) {
      onDelivery({ failure: { kind: 'unknown', reason: 'the producer was closed before the broker answered' } });
    }
    const closed = deferred<undefined>();
    const finish = (): void => {
      closed.resolve(undefined);
    };
    const timer = clock.setTimer(Math.max(MIN_CLOSE_MS, deadlineMs - clock.monotonicMs()), finish);
    try {
      // Its flush calls back early and settles nothing: all that mattered is settled above.
      this.#client.disconnect(1, finish);
    } catch {
      finish();
    }
    await closed.promise;
    timer.cancel();
  }

  /** A `close` that still waits for what is in flight does so no longer than `timeoutMs` from now. */
  hurry(timeoutMs: number): void {
    this.#context.clock.setTimer(timeoutMs, () => this.#onDrained?.());
  }

  async #drained(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const drained = deferred<undefined>();
    const finish = (): void => {
      drained.resolve(undefined);
    };
    const timer = this.#context.clock.setTimer(timeoutMs, finish);
    this.#onDrained = finish;
    await drained.promise;
    timer.cancel();
  }

  #onReport(error: DriverError | null | undefined, report: DriverDeliveryReport & { readonly topic: string }): void {
    const onDelivery = this.#open.take(report.opaque);
    if (onDelivery === undefined) return;
    if (!error) {
      onDelivery({ partition: report.partition, offset: Math.max(UNKNOWN_OFFSET, report.offset) });
    } else {
      if (error.code === CODE.unknownPartition) this.#onUnknownPartition(report.topic);
      if (error.code === CODE.fatal) this.#isFatal = true;
      onDelivery({ failure: deliveryFailure(error.code, error.message) });
    }
    if (this.#open.size === 0) this.#onDrained?.();
  }
}
