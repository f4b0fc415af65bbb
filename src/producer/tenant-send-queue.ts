import type { Timer } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Delivery } from '../transport/port.js';
import { concernsTheKey, queueFull, rateLimited, waitedTooLong, type Blocker } from './send-errors.js';
import type { SendJob, WaitingPlace } from './send-job.js';
import type { SendSteps } from './send-steps.js';
import type { Turn, WindowWaiter } from './send-window.js';
import { withCharge, type Admitted, type Encoded, type Sealed } from './stages.js';

interface ReadyJob {
  readonly job: SendJob;
  readonly sealed: Sealed;
  readonly partition: number;
}

const CLIENT_QUEUE_FULL_RETRY_MS = 10;
/** Timers are not finer than this: what is due within it is due. */
const TIMER_GRAIN_MS = 1;
const COMPACT_FROM = 1_024;

/**
 * The publishes of one tenant, in order: limit, key service and window are passed by one record after the
 * other, so records of a key cannot overtake each other. A record that has to wait for none of them passes
 * in the very call that brought it.
 */
export class TenantSendQueue implements WindowWaiter, WaitingPlace {
  readonly tenantId: TenantId;
  readonly #steps: SendSteps;
  /** From `#first` on; those that are settled already are passed over. */
  #jobs: SendJob[] = [];
  #first = 0;
  /** The step that the first job waits for; undefined where nothing holds the queue. */
  #blockedBy: Blocker | undefined;
  /** Counts the waits, so that the answer to one that was given up is not taken for another's. */
  #wait = 0;
  #retry: Timer | undefined;
  #retryAtMs = 0;
  /** The first job's charge, from its admission until it is handed over. */
  #charge: Admitted | undefined;
  /** The first job once it is sealed and only waits for room. */
  #ready: ReadyJob | undefined;
  /** Whether a job is passing now; what happens meanwhile is looked at afterwards. */
  #busy = false;
  #waiting = 0;
  /** Of those, the ones whose senders do not pace themselves. */
  #bounded = 0;
  #waitingBytes = 0;
  /** Set for the earliest deadline, or before it. */
  #deadline: { readonly timer: Timer; readonly patienceMs: number } | undefined;
  #inFlight = 0;
  #inFlightBytes = 0;

  constructor(tenantId: TenantId, steps: SendSteps) {
    this.tenantId = tenantId;
    this.#steps = steps;
  }

  /** Whether what waits leaves no room for more of the same. */
  get isCrowded(): boolean {
    return this.#waiting > 0 && !this.#steps.room.hasRoomFor(this.#waitingBytes, this.#waitingBytes / this.#waiting);
  }

  submit(job: SendJob): void {
    if ((this.#blockedBy !== undefined || this.#busy) && !this.#letWait(job)) return;
    this.#jobs.push(job);
    this.#advance();
  }

  /** Fails everything that is not handed to the broker yet. */
  abandon(error: () => Error): void {
    this.#failWaiting(() => true, error);
  }

  onLeft(job: SendJob): void {
    this.#waiting -= 1;
    if (job.acceptedAtMs !== undefined) this.#bounded -= 1;
    this.onWeighed(-job.weightBytes);
    if (job.settled) this.#advance();
  }

  onWeighed(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#steps.room.add(bytes);
  }

  onTurn(): Turn {
    const ready = this.#ready;
    if (this.#blockedBy !== 'window' || ready === undefined || this.#busy) return 'done';
    if (!this.#hasShareLeft()) return 'done'; // it comes back when a record of its own is delivered
    if (!this.#steps.window.take(ready.sealed.chargedBytes)) return 'blocked';
    this.#resume(ready.job, () => !this.#handOver(ready));
    return this.#waitsForWindow() && this.#hasShareLeft() ? 'more' : 'done';
  }

  #waitsForWindow(): boolean {
    return this.#blockedBy === 'window';
  }

  #hasShareLeft(): boolean {
    return this.#steps.window.hasShareFor(this.#inFlight, this.#inFlightBytes);
  }

  /** Takes the queue as far as it goes without waiting. */
  #advance(): void {
    if (this.#busy) return;
    this.#busy = true;
    for (let job = this.#jobs[this.#first]; job !== undefined; job = this.#jobs[this.#first]) {
      if (!job.settled) {
        if (this.#blockedBy !== undefined) break;
        if (this.#step(job) && this.#holds(job)) break;
      }
      this.#shift();
    }
    this.#busy = false;
    this.#tidy();
  }

  #tidy(): void {
    const length = this.#jobs.length - this.#first;
    if (length === 0) {
      if (this.#inFlight > 0) return;
      this.#deadline?.timer.cancel();
      this.#deadline = undefined;
      this.#steps.onIdle(this.tenantId);
    } else if (length >= COMPACT_FROM && length > 2 * this.#waiting) {
      this.#jobs = this.#jobs.slice(this.#first).filter(({ settled }) => !settled);
      this.#first = 0;
    }
  }

  /** A job that could not pass becomes one that waits. @returns whether it may */
  #holds(job: SendJob): boolean {
    if (!job.waits && !this.#letWait(job)) return false;
    this.#watchDeadlines();
    return true;
  }

  /** Fails the job where no more may wait. */
  #letWait(job: SendJob): boolean {
    const { room, maxWaiting } = this.#steps;
    const bytes = job.weightBytes;
    if (job.acceptedAtMs !== undefined) {
      if (this.#bounded >= maxWaiting || !room.hasRoomFor(this.#waitingBytes, bytes)) {
        job.fail(queueFull(this.tenantId, this.#waiting));
        return false;
      }
      this.#bounded += 1;
    }
    this.#waiting += 1;
    this.onWeighed(bytes);
    job.waitIn(this);
    if (this.#bounded === 1) this.#watchDeadlines(job);
    return true;
  }

  /** How long a job may have waited for what holds the queue now. */
  get #patienceMs(): number {
    const { maxWaitMs, maxQueueMs } = this.#steps;
    return this.#blockedBy === 'limit' ? Math.min(maxWaitMs, maxQueueMs) : maxQueueMs;
  }

  #watchDeadlines(oldest?: SendJob): void {
    const patienceMs = this.#patienceMs;
    if (this.#bounded === 0 || (this.#deadline !== undefined && this.#deadline.patienceMs <= patienceMs)) return;
    const acceptedAtMs = (oldest ?? this.#oldestBounded())?.acceptedAtMs;
    if (acceptedAtMs === undefined) return;
    const { clock } = this.#steps;
    this.#deadline?.timer.cancel();
    const leftMs = acceptedAtMs + patienceMs - clock.monotonicMs();
    const timer = clock.setTimer(leftMs, this.#onDeadline, { keepAlive: true });
    this.#deadline = { timer, patienceMs };
  }

  #oldestBounded(): SendJob | undefined {
    for (let at = this.#first; at < this.#jobs.length; at += 1) {
      const job = this.#jobs[at];
      if (job?.acceptedAtMs !== undefined && !job.settled) return job;
    }
    return undefined;
  }

  readonly #onDeadline = (): void => {
    this.#deadline = undefined;
    const blocker = this.#blockedBy;
    if (blocker === undefined) return;
    const patienceMs = this.#patienceMs;
    const acceptedUntilMs = this.#steps.clock.monotonicMs() + TIMER_GRAIN_MS - patienceMs;
    this.#failWaiting(
      ({ acceptedAtMs }) => acceptedAtMs !== undefined && acceptedAtMs <= acceptedUntilMs,
      () => {
        if (blocker !== 'limit') return waitedTooLong(blocker, this.tenantId, this.#waiting, patienceMs);
        this.#steps.onRateLimited(this.tenantId);
        return rateLimited(this.tenantId, this.#retryAtMs - this.#steps.clock.monotonicMs());
      },
    );
    if (this.#blockedBy !== undefined) this.#watchDeadlines();
  };

  #failWaiting(which: (job: SendJob) => boolean, error: () => Error): void {
    const wasBusy = this.#busy;
    this.#busy = true;
    for (const job of this.#jobs.slice(this.#first)) {
      if (!job.settled && which(job)) job.fail(error());
    }
    this.#busy = wasBusy;
    this.#advance();
  }

  /** @returns whether the job still holds the first place */
  #step(job: SendJob): boolean {
    try {
      const { encoded } = job;
      if (encoded === undefined) return false; // settled meanwhile
      if (!(encoded instanceof Promise)) return this.#place(job, encoded);
      return this.#waitFor('encoding', job, encoded, (event) => this.#place(job, event));
    } catch (error) {
      job.fail(error as Error);
      return false;
    }
  }

  #place(job: SendJob, event: Encoded): boolean {
    const partition = this.#steps.partitionOf(event);
    if (typeof partition === 'number') return this.#admit(job, event, partition);
    return this.#waitFor(
      'metadata',
      job,
      partition,
      (known) => this.#admit(job, event, known),
      (error) => {
        this.#failWaiting(
          (other) => other.topic === job.topic,
          () => error,
        );
      },
    );
  }

  #admit(job: SendJob, event: Encoded, partition: number): boolean {
    const { limiter, clock, onLimit, maxWaitMs } = this.#steps;
    const bytes = event.costBytes;
    const waitMs = limiter.tryAdmit(this.tenantId, { bytes });
    if (waitMs > 0) {
      this.#retryAtMs = clock.monotonicMs() + waitMs;
      const tooLate = job.acceptedAtMs !== undefined && this.#retryAtMs > job.acceptedAtMs + maxWaitMs;
      if (onLimit === 'reject' || tooLate) {
        this.#steps.onRateLimited(this.tenantId);
        job.fail(rateLimited(this.tenantId, waitMs));
        return false;
      }
      return this.#retryIn(waitMs, 'limit', job, () => this.#admit(job, event, partition));
    }
    const admitted = withCharge(event, bytes);
    this.#charge = admitted;
    return this.#seal(job, admitted, partition);
  }

  #seal(job: SendJob, admitted: Admitted, partition: number): boolean {
    const fail = (error: Error): void => {
      const forAll = concernsTheKey(error);
      this.#failWaiting(
        (other) => other === job || (forAll && other.isProtected),
        () => error,
      );
    };
    try {
      const sealed = this.#steps.seal(admitted);
      if (!(sealed instanceof Promise)) return this.#enterWindow({ job, sealed, partition });
      return this.#waitFor('key', job, sealed, (done) => this.#enterWindow({ job, sealed: done, partition }), fail);
    } catch (error) {
      fail(error as Error);
      return false;
    }
  }

  #enterWindow(ready: ReadyJob): boolean {
    const { window } = this.#steps;
    const mayTake = this.#hasShareLeft();
    if (mayTake && window.tryTake(ready.sealed.chargedBytes)) return !this.#handOver(ready);
    this.#ready = ready;
    this.#blockedBy = 'window';
    if (mayTake) window.waitInLine(this);
    return true;
  }

  /** Hands a record over that has its room in the window. */
  #handOver(ready: ReadyJob): boolean {
    const { job, sealed, partition } = ready;
    this.#inFlight += 1;
    this.#inFlightBytes += sealed.chargedBytes;
    let taken = false;
    try {
      taken = this.#steps.send(sealed, partition, this.#whenDelivered(job, sealed.chargedBytes));
    } finally {
      if (!taken) this.#release(sealed.chargedBytes);
    }
    if (taken) {
      this.#charge = undefined;
      job.markSent();
      return true;
    }
    // The client's own queue is larger than the window, so this is rare. Later records must not overtake.
    this.#retryIn(CLIENT_QUEUE_FULL_RETRY_MS, 'client', job, () => this.#enterWindow(ready));
    return false;
  }

  /** Of all that a record is, the function must hold on to the job alone. */
  #whenDelivered(job: SendJob, bytes: number): (delivery: Delivery) => void {
    return (delivery) => {
      try {
        job.complete(delivery);
      } finally {
        if (this.#blockedBy === 'window') this.#steps.window.waitInLine(this);
        this.#release(bytes);
        this.#advance();
      }
    };
  }

  #release(bytes: number): void {
    this.#inFlight -= 1;
    this.#inFlightBytes -= bytes;
    this.#steps.window.release(bytes);
  }

  #retryIn(delayMs: number, what: Blocker, job: SendJob, next: () => boolean): true {
    this.#blockedBy = what;
    const goOn = (): void => {
      this.#resume(job, next);
    };
    this.#retry = this.#steps.clock.setTimer(delayMs, goOn, { keepAlive: true });
    return true;
  }

  #waitFor<T>(
    what: Blocker,
    job: SendJob,
    step: Promise<T>,
    next: (value: T) => boolean,
    fail: (error: Error) => void = (error) => {
      job.fail(error);
    },
  ): true {
    this.#blockedBy = what;
    const wait = (this.#wait += 1);
    step.then(
      (value) => {
        if (wait === this.#wait) this.#resume(job, () => next(value));
      },
      (error: unknown) => {
        if (wait === this.#wait) fail(error as Error);
      },
    );
    return true;
  }

  /** The first job goes on from where it waited. */
  #resume(job: SendJob, step: () => boolean): void {
    this.#blockedBy = undefined;
    this.#busy = true;
    let holds = false;
    try {
      holds = step();
    } catch (error) {
      job.fail(error as Error);
    }
    this.#busy = false;
    if (holds) this.#watchDeadlines();
    else this.#shift();
    this.#advance();
  }

  /** The first job makes room: it was handed over, or it is settled and what it waited for is given up. */
  #shift(): void {
    if (this.#charge !== undefined) {
      this.#steps.limiter.refund(this.tenantId, { bytes: this.#charge.chargedBytes });
      this.#charge = undefined;
    }
    this.#ready = undefined;
    if (this.#blockedBy !== undefined) {
      this.#blockedBy = undefined;
      this.#wait += 1;
      this.#retry?.cancel();
    }
    this.#first += 1;
    if (this.#first === this.#jobs.length) {
      this.#jobs = [];
      this.#first = 0;
    } else if (this.#first >= COMPACT_FROM && this.#first * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#first);
      this.#first = 0;
    }
  }
}
