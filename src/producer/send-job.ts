import type { Receipt } from '../api/publisher.js';
import type { Deferred } from '../core/deferred.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Delivery, DeliveryFailure } from '../transport/port.js';
import type { PublishSpan } from '../telemetry/telemetry.js';
import { onAbort } from './shared-abort.js';
import type { Encoded, Routed } from './stages.js';

/** Where a publish stands: nothing sent yet, handed to the client, or answered. */
type JobState = 'waiting' | 'sent' | 'settled';

/** Where a publish waits to be sent. */
export interface WaitingPlace {
  /** It waits no longer: it was handed over, or it is settled. */
  onLeft(job: SendJob): void;
  /** It waits, and weighs so much more than it was thought to. */
  onWeighed(bytes: number): void;
}

/**
 * One publish on its way: settles its promise exactly once, whatever happens.
 *
 * Many are in flight at once, each for as long as the broker takes. What is only needed until a record is handed over
 * is let go of then, or the garbage collector would carry it along: that cost a fifth of the throughput.
 */
export class SendJob {
  readonly eventId: string;
  readonly topic: string;
  readonly isProtected: boolean;
  readonly span: PublishSpan;
  /** On the monotonic clock; undefined where its sender paces itself, and so may wait as long as it takes. */
  readonly acceptedAtMs: number | undefined;
  readonly #tenantId: TenantId;
  readonly #eventTimeMs: number;
  readonly #deferred: Deferred<Receipt>;
  readonly #onSettled: (job: SendJob, error: Error | undefined) => void;
  readonly #forgetSignal: (() => void) | undefined;
  #encoded: Encoded | Promise<Encoded> | undefined;
  #weightBytes: number;
  #state: JobState = 'waiting';
  #place: WaitingPlace | undefined;

  constructor(
    event: Routed,
    encoded: Encoded | Promise<Encoded>,
    weightBytes: number,
    span: PublishSpan,
    acceptedAtMs: number | undefined,
    deferred: Deferred<Receipt>,
    signal: AbortSignal | undefined,
    onSettled: (job: SendJob, error: Error | undefined) => void,
  ) {
    this.eventId = event.eventId;
    this.topic = event.topic;
    this.span = span;
    this.acceptedAtMs = acceptedAtMs;
    this.#tenantId = event.tenantId;
    this.#eventTimeMs = event.eventTimeMs;
    this.isProtected = event.contract.protection !== 'none';
    this.#encoded = encoded;
    this.#weightBytes = weightBytes;
    // Where it fails, whoever's turn it is then is told.
    if (encoded instanceof Promise) {
      encoded.then(
        (known) => {
          this.#onEncoded(known);
        },
        () => undefined,
      );
    }
    this.#deferred = deferred;
    this.#onSettled = onSettled;
    // A function of each job's own only where it can be called: most publishes have no signal.
    this.#forgetSignal =
      signal &&
      onAbort(signal, () => {
        this.#abort();
      });
  }

  /** What is sent: a promise where the serde has to ask for its schema first, undefined once it is sent or settled. */
  get encoded(): Encoded | Promise<Encoded> | undefined {
    return this.#encoded;
  }

  /** What it weighs while it waits: an estimate until it is encoded. */
  get weightBytes(): number {
    return this.#weightBytes;
  }

  /** Whether it is in a waiting place. */
  get waits(): boolean {
    return this.#place !== undefined;
  }

  get settled(): boolean {
    return this.#state === 'settled';
  }

  /** Tells the place once when it waits no longer. */
  waitIn(place: WaitingPlace): void {
    this.#place = place;
  }

  markSent(): void {
    if (this.#state === 'waiting') this.#state = 'sent';
    this.#leave();
  }

  fail(error: Error): void {
    if (!this.#settle()) return;
    this.#deferred.reject(error);
    this.#onSettled(this, error);
    this.#leave();
  }

  complete(delivery: Delivery): void {
    if (delivery.failure !== undefined) {
      this.fail(deliveryError(this, delivery.failure.kind, delivery.failure.reason));
      return;
    }
    if (!this.#settle()) return;
    this.#deferred.resolve({
      eventId: this.eventId,
      tenantId: this.#tenantId,
      topic: this.topic,
      partition: delivery.partition,
      offset: delivery.offset,
      timestamp: new Date(this.#eventTimeMs),
    });
    this.#onSettled(this, undefined);
  }

  #onEncoded(encoded: Encoded): void {
    if (this.#encoded === undefined) return;
    this.#encoded = encoded;
    const more = encoded.costBytes - this.#weightBytes;
    this.#weightBytes = encoded.costBytes;
    this.#place?.onWeighed(more);
  }

  #leave(): void {
    const place = this.#place;
    this.#place = undefined;
    place?.onLeft(this);
    this.#encoded = undefined;
  }

  #settle(): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    this.#forgetSignal?.();
    return true;
  }

  #abort(): void {
    this.fail(
      this.#state === 'sent'
        ? deliveryError(this, 'unknown', 'the wait was aborted')
        : tenantryError('ABORTED', 'the publish was aborted before anything was sent'),
    );
  }
}

function deliveryError(job: SendJob, kind: DeliveryFailure['kind'], reason: string): Error {
  const what = `event ${job.eventId} for topic ${job.topic}`;
  if (kind === 'unknown') {
    return tenantryError('DELIVERY_UNKNOWN', `${what} may or may not be written: ${reason}`, {
      eventId: job.eventId,
    });
  }
  return kind !== 'failed'
    ? tenantryError('PUBLISH_REFUSED', `${what} was refused: ${reason}`, { reason })
    : tenantryError('PUBLISH_FAILED', `${what} was not written: ${reason}`, { reason });
}
