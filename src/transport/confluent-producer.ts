import { tenantryError } from '../core/errors.js';
import type { OutgoingRecord } from '../record/wire-record.js';
import { producerConfig, type TransportContext } from './client-config.js';
import type { Driver } from './driver-types.js';
import { atMost } from './native-calls.js';
import type { ResolvedTransportOptions } from './options.js';
import { PartitionCounts } from './partition-counts.js';
import type { Delivery, RecordProducer } from './port.js';
import { ProducerSession } from './producer-session.js';

/** How long the records of a session that had a fatal error may still be reported. */
const FATAL_DRAIN_MS = 5_000;
/** A fatal error may be the broker's answer to every new client: a missing ACL for idempotent writes is one. */
const REPLACE_DELAY_MS = 1_000;

/** The producer over the native client: a session at a time, and what is known about topics across sessions. */
export class ConfluentProducer implements RecordProducer {
  readonly #options: ResolvedTransportOptions;
  readonly #context: TransportContext;
  readonly #loadDriver: () => Driver;
  readonly #partitions: PartitionCounts;
  #session: ProducerSession | undefined;
  #connecting: Promise<void> | undefined;
  #retiring: { readonly session: ProducerSession; readonly closed: Promise<void> } | undefined;
  #isClosed = false;

  constructor(options: ResolvedTransportOptions, context: TransportContext, loadDriver: () => Driver) {
    this.#options = options;
    this.#context = context;
    this.#loadDriver = loadDriver;
    this.#partitions = new PartitionCounts(
      (topic, timeoutMs) => this.#askPartitionCount(topic, timeoutMs),
      context.clock,
      options.connectTimeoutMs,
    );
  }

  connect(): Promise<void> {
    if (this.#session !== undefined) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(disconnected());
    this.#connecting ??= this.#openSession().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  partitionCount(topic: string): number | Promise<number> {
    return this.#partitions.get(topic);
  }

  produce(record: OutgoingRecord, onDelivery: (delivery: Delivery) => void): boolean {
    const session = this.#session;
    if (session !== undefined && !session.isFatal) return session.produce(record, onDelivery);
    if (session !== undefined) this.#replace(session);
    const reason = this.#isClosed ? 'the producer is disconnected' : 'the producer is not connected';
    queueMicrotask(() => {
      onDelivery({ failure: { kind: 'failed', reason } });
    });
    return true;
  }

  async disconnect(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    const session = this.#session;
    this.#session = undefined;
    // A client that still connects has taken no records, so past the time it may be left to close itself.
    const connecting = this.#connecting && atMost(this.#context.clock, timeoutMs, this.#connecting);
    this.#retiring?.session.hurry(timeoutMs);
    await Promise.all([session?.close(timeoutMs), this.#retiring?.closed, connecting]);
  }

  async #openSession(): Promise<void> {
    const session = new ProducerSession(
      this.#loadDriver(),
      producerConfig(this.#options, this.#context),
      this.#options.connectTimeoutMs,
      this.#context,
      (topic) => {
        this.#partitions.refresh(topic);
      },
    );
    await session.connect();
    if (this.#isClosed) {
      await session.close(0);
      throw disconnected();
    }
    this.#session = session;
  }

  /** After a fatal error only a new client can send; what the old one took is reported by the old one. */
  #replace(session: ProducerSession): void {
    this.#context.telemetry.log('producerReplaced', { clientId: this.#options.clientId });
    this.#session = undefined;
    this.#retiring = { session, closed: session.close(FATAL_DRAIN_MS) };
    this.#reconnectAfter(REPLACE_DELAY_MS);
  }

  #reconnectAfter(delayMs: number): void {
    this.#context.clock.setTimer(delayMs, () => {
      this.connect().catch(() => {
        if (!this.#isClosed) this.#reconnectAfter(REPLACE_DELAY_MS);
      });
    });
  }

  async #askPartitionCount(topic: string, timeoutMs: number): Promise<number> {
    if (this.#session === undefined) await this.connect();
    if (this.#session === undefined) throw disconnected();
    return this.#session.partitionCount(topic, timeoutMs);
  }
}

function disconnected(): Error {
  return tenantryError('NOT_RUNNING', 'the producer was disconnected');
}
