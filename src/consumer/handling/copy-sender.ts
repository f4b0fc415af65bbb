import type { Clock } from '../../core/clock.js';
import type { RateLimiter } from '../../rate-limit/limiter.js';
import { recordSizeBytes, type OutgoingRecord, type ReceivedRecord } from '../../record/wire-record.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Delivery as DeliveryReport, DeliveryFailure, RecordProducer } from '../../transport/port.js';
import { copyOf, pointerTo, type CopyReason } from './copy-record.js';
import { VIOLATIONS, type Payer } from './delivery.js';

/** What copies stand on. */
export interface CopyParts {
  readonly clock: Clock;
  readonly producer: RecordProducer;
  readonly limiter: RateLimiter;
  readonly telemetry: Telemetry;
}

/** Copies records to dead-letter and quarantine topics; a copy counts only once the broker has acknowledged it. */
export class CopySender {
  readonly #parts: CopyParts;

  constructor(parts: CopyParts) {
    this.#parts = parts;
  }

  /**
   * Tries to copy a record once. Where the broker takes no such record, for its size for instance, a pointer takes
   * its place: after a second refusal, because the broker refuses a whole batch for one record.
   *
   * @param refusals - how often the broker has refused this record before
   * @returns undefined once it is acknowledged, else why it is not
   */
  async copy(
    record: ReceivedRecord,
    target: string,
    reason: CopyReason,
    payer: Payer,
    refusals: number,
  ): Promise<DeliveryFailure | undefined> {
    const { clock, limiter, telemetry } = this.#parts;
    const make = refusals >= 2 ? pointerTo : copyOf;
    const copy = make(record, target, reason, clock.nowMs());
    const { failure } = await this.#send(copy);
    if (failure === undefined) {
      // Not before: a topic that is away for hours must not run its tenants into debt.
      if (payer !== VIOLATIONS) limiter.charge(payer, { bytes: recordSizeBytes(copy) });
      return undefined;
    }
    telemetry.log('copyFailed', { topic: target, reason: failure.reason, pointer: refusals >= 2 });
    return failure;
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
