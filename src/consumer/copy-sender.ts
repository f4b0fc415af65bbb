import type { Clock } from '../core/clock.js';
import { delay } from '../core/clock.js';
import type { RateLimiter } from '../rate-limit/limiter.js';
import { recordSizeBytes, type OutgoingRecord, type ReceivedRecord } from '../record/wire-record.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Delivery as DeliveryReport, RecordProducer } from '../transport/port.js';
import { copyOf, pointerTo, type CopyReason } from './copy-record.js';
import { VIOLATIONS, type Payer } from './delivery.js';

/** What copies stand on. */
export interface CopyParts {
  readonly clock: Clock;
  readonly producer: RecordProducer;
  readonly limiter: RateLimiter;
  readonly telemetry: Telemetry;
}

const RETRY_MS = 1_000;

/** Copies records to dead-letter and quarantine topics; a copy counts only once the broker has acknowledged it. */
export class CopySender {
  readonly #parts: CopyParts;
  #failing = 0;

  constructor(parts: CopyParts) {
    this.#parts = parts;
  }

  /** Copies that the broker does not take at present. */
  get failing(): number {
    return this.#failing;
  }

  /**
   * Copies a record, for as long as it takes. Where the broker takes no such record, for its size for instance, a
   * pointer takes its place: after a second refusal, because the broker refuses a whole batch for one record.
   *
   * @returns whether it is acknowledged; false only where `signal` ended the wait
   */
  async copy(
    record: ReceivedRecord,
    target: string,
    reason: CopyReason,
    payer: Payer,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, limiter, telemetry } = this.#parts;
    let refusals = 0;
    let failed = false;
    try {
      while (!signal.aborted) {
        const make = refusals >= 2 ? pointerTo : copyOf;
        const copy = make(record, target, reason, clock.nowMs());
        const report = await this.#send(copy);
        if (report.failure === undefined) {
          // Not before: a topic that is away for hours must not run its tenants into debt.
          if (payer !== VIOLATIONS) limiter.charge(payer, { bytes: recordSizeBytes(copy) });
          return true;
        }
        telemetry.log('copyFailed', { topic: target, reason: report.failure.reason, pointer: refusals >= 2 });
        if (report.failure.kind === 'invalid') refusals += 1;
        if (!failed) this.#failing += 1;
        failed = true;
        await delay(clock, RETRY_MS, signal);
      }
      return false;
    } finally {
      if (failed) this.#failing -= 1;
    }
  }

  async #send(copy: OutgoingRecord): Promise<DeliveryReport> {
    const { producer } = this.#parts;
    const known = await topicFailure(producer, copy.topic);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      if (!producer.produce(copy, resolve))
        resolve({ failure: { kind: 'failed', reason: 'the client queue is full' } });
    });
  }
}

/** A topic that is missing is not the record's fault: the copy waits until it is there. */
async function topicFailure(producer: RecordProducer, topic: string): Promise<DeliveryReport | undefined> {
  try {
    await producer.partitionCount(topic);
    return undefined;
  } catch {
    return { failure: { kind: 'failed', reason: 'the topic cannot be written to' } };
  }
}
