import type { Clock, Timer } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { RateLimiter } from '../rate-limit/limiter.js';
import type { SendJob } from './send-job.js';
import type { SendWindow, Turn, WindowWaiter } from './send-window.js';
import type { Admitted, Encoded, Sealed } from './stages.js';

/** What a queue needs of the pipeline around it. */
export interface SendSteps {
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly window: SendWindow;
  readonly onLimit: 'wait' | 'reject';
  readonly maxWaiting: number;
  partitionOf(job: SendJob): number | Promise<number>;
  seal(event: Admitted): Sealed | Promise<Sealed>;
  /** Hands the record over; false where the client's own queue is full. */
  send(job: SendJob, sealed: Sealed, partition: number, onDelivered: () => void): boolean;
  /** The queue is empty and has nothing in flight. */
  onIdle(queue: TenantSendQueue): void;
  onRateLimited(tenantId: TenantId): void;
}

interface ReadyJob {
  readonly job: SendJob;
  readonly sealed: Sealed;
  readonly partition: number;
}

const CLIENT_QUEUE_FULL_RETRY_MS = 10;

/**
 * The publishes of one tenant, in order: limit, key service and window are passed by one record after the
 * other, so records of a key cannot overtake each other. A record that has to wait for none of them passes
 * in the very call that brought it.
 */
export class TenantSendQueue implements WindowWaiter {
  readonly tenantId: TenantId;
  readonly #steps: SendSteps;
  #waiting: SendJob[] = [];
  #first = 0;
  /** The step that the first job waits for; undefined where nothing holds the queue. */
  #blockedBy: 'encoding' | 'metadata' | 'limit' | 'key' | 'window' | 'client' | undefined;
  #timer: Timer | undefined;
  /** The first job once it is sealed and only waits for the window. */
  #ready: ReadyJob | undefined;
  #inFlight = 0;

  constructor(tenantId: TenantId, steps: SendSteps) {
    this.tenantId = tenantId;
    this.#steps = steps;
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  submit(job: SendJob): void {
    if (job.admitBeforeMs !== undefined && this.waiting >= this.#steps.maxWaiting) {
      const waiting = this.waiting;
      job.fail(
        tenantryError(
          'PUBLISH_QUEUE_FULL',
          `${waiting} publishes of tenant ${this.tenantId} wait to be sent, and no more may`,
          {
            tenantId: this.tenantId,
            waiting,
          },
        ),
      );
      return;
    }
    this.#waiting.push(job);
    this.#advance();
  }

  /** Fails everything that is not handed to the broker yet. */
  abandon(error: () => Error): void {
    this.#timer?.cancel();
    for (const job of this.#waiting.splice(this.#first)) job.fail(error());
    this.#waiting = [];
    this.#first = 0;
    this.#ready = undefined;
  }

  onTurn(): Turn {
    const ready = this.#ready;
    if (this.#blockedBy !== 'window' || ready === undefined) return 'done';
    if (!ready.job.settled) {
      if (!this.#hasShareLeft()) return 'done'; // it comes back when a record of its own is delivered
      if (!this.#steps.window.take(ready.sealed.chargedBytes)) return 'blocked';
    }
    this.#blockedBy = undefined;
    if (ready.job.settled) this.#refund(ready.sealed);
    else if (!this.#handOver(ready)) return 'done';
    this.#ready = undefined;
    this.#shift();
    this.#advance();
    return this.#waitsForWindow() && this.#hasShareLeft() ? 'more' : 'done';
  }

  #waitsForWindow(): boolean {
    return this.#blockedBy === 'window';
  }

  #hasShareLeft(): boolean {
    return this.#inFlight < this.#steps.window.shareOfOne;
  }

  /** Takes the queue as far as it goes without waiting. */
  #advance(): void {
    while (this.#blockedBy === undefined) {
      const job = this.#waiting[this.#first];
      if (job === undefined) break;
      if (job.settled || !this.#step(job)) this.#shift();
    }
    if (this.waiting === 0 && this.#inFlight === 0) this.#steps.onIdle(this);
  }

  /** @returns whether the job still holds the first place */
  #step(job: SendJob): boolean {
    try {
      const { encoded } = job;
      if (!(encoded instanceof Promise)) return this.#place(job, encoded);
      this.#waitFor('encoding', job, encoded, (event) => this.#place(job, event));
      return true;
    } catch (error) {
      job.fail(error as Error);
      return false;
    }
  }

  #place(job: SendJob, event: Encoded): boolean {
    const partition = this.#steps.partitionOf(job);
    if (typeof partition === 'number') return this.#admit(job, event, partition);
    this.#waitFor('metadata', job, partition, (known) => this.#admit(job, event, known));
    return true;
  }

  #admit(job: SendJob, event: Encoded, partition: number): boolean {
    if (job.settled) return false;
    const { limiter, clock, onLimit } = this.#steps;
    const bytes = event.costBytes;
    const waitMs = limiter.tryAdmit(this.tenantId, { bytes });
    if (waitMs > 0) {
      const tooLate = job.admitBeforeMs !== undefined && clock.monotonicMs() + waitMs > job.admitBeforeMs;
      if (onLimit === 'reject' || tooLate) {
        this.#steps.onRateLimited(this.tenantId);
        job.fail(
          tenantryError(
            'RATE_LIMITED',
            `the publish rate of tenant ${this.tenantId} is used up; retry after ${Math.ceil(waitMs)} ms`,
            {
              tenantId: this.tenantId,
              retryAfterMs: Math.ceil(waitMs),
            },
          ),
        );
        return false;
      }
      this.#blockedBy = 'limit';
      this.#timer = clock.setTimer(waitMs, () => {
        this.#unblock();
      });
      return true;
    }
    return this.#seal(job, Object.assign(event, { chargedBytes: bytes }), partition);
  }

  #seal(job: SendJob, admitted: Admitted, partition: number): boolean {
    try {
      const sealed = this.#steps.seal(admitted);
      if (sealed instanceof Promise) {
        this.#waitFor(
          'key',
          job,
          sealed,
          (done) => this.#enterWindow({ job, sealed: done, partition }),
          () => {
            this.#refund(admitted);
          },
        );
        return true;
      }
      return this.#enterWindow({ job, sealed, partition });
    } catch (error) {
      this.#refund(admitted);
      throw error;
    }
  }

  #refund(event: Admitted): void {
    this.#steps.limiter.refund(this.tenantId, { bytes: event.chargedBytes });
  }

  #enterWindow(ready: ReadyJob): boolean {
    if (ready.job.settled) {
      this.#refund(ready.sealed);
      return false;
    }
    const { window } = this.#steps;
    const mayTake = this.#hasShareLeft();
    if (mayTake && window.tryTake(ready.sealed.chargedBytes) && this.#handOver(ready)) return false;
    this.#ready = ready;
    if (this.#blockedBy === undefined) {
      this.#blockedBy = 'window';
      if (mayTake) window.waitInLine(this);
    }
    return true;
  }

  /** Hands a record over that has its room in the window. */
  #handOver(ready: ReadyJob): boolean {
    const { window, clock } = this.#steps;
    const bytes = ready.sealed.chargedBytes;
    this.#inFlight += 1;
    const taken = this.#steps.send(ready.job, ready.sealed, ready.partition, () => {
      this.#inFlight -= 1;
      if (this.#blockedBy === 'window') window.waitInLine(this);
      window.release(bytes);
      this.#advance();
    });
    if (taken) {
      ready.job.markSent();
      return true;
    }
    // The client's own queue is larger than the window, so this is rare. Later records must not overtake.
    this.#inFlight -= 1;
    this.#blockedBy = 'client';
    window.release(bytes);
    this.#timer = clock.setTimer(CLIENT_QUEUE_FULL_RETRY_MS, () => {
      this.#blockedBy = undefined;
      if (this.#enterWindow(ready)) return;
      this.#ready = undefined;
      this.#shift();
      this.#advance();
    });
    return false;
  }

  #waitFor<T>(
    what: 'encoding' | 'metadata' | 'key',
    job: SendJob,
    step: Promise<T>,
    next: (value: T) => boolean,
    undo?: () => void,
  ): void {
    this.#blockedBy = what;
    step.then(
      (value) => {
        this.#blockedBy = undefined;
        let holds = false;
        try {
          holds = next(value);
        } catch (error) {
          job.fail(error as Error);
        }
        if (!holds) this.#shift();
        this.#advance();
      },
      (error: unknown) => {
        undo?.();
        job.fail(error as Error);
        this.#blockedBy = undefined;
        this.#shift();
        this.#advance();
      },
    );
  }

  #unblock(): void {
    this.#blockedBy = undefined;
    this.#advance();
  }

  #shift(): void {
    if (this.#first === this.#waiting.length) return; // abandoned meanwhile
    this.#first += 1;
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#first >= 1_024 && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }
}
