import type { Clock, Timer } from '../../core/clock.js';
import type { ErrorCode } from '../../core/error-codes.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Delivery } from './delivery.js';
import type { FairScheduler } from './fair-scheduler.js';
import type { IntakeBudget } from './intake-budget.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import type { Owner } from '../ledger/record-owner.js';
import type { RecordRunner, RunnerParts, RunResult } from './record-runner.js';

/** What a runner asks, and tells. */
export type RunnerHooks = Pick<RunnerParts, 'mayHandle' | 'onOverdue'>;

/** What dispatch stands on. */
export interface DispatchParts {
  readonly clock: Clock;
  readonly scheduler: FairScheduler;
  readonly budget: IntakeBudget;
  readonly runner: (hooks: RunnerHooks) => RecordRunner;
  /** Whether handlers may start at all now. */
  readonly mayStart: () => boolean;
  /** Whether nothing of an owner may start. */
  readonly isPaused: (owner: Owner) => boolean;
  /** A record was finished or dropped, and its room is free. */
  readonly onRoom: (owner: Owner) => void;
}

/** Handlers may start one after another for this long before timers, and what else waits, have their turn. */
const SLICE_MS = 10;

/** Starts handlers as the scheduler says, and books what becomes of them. */
export class HandlerDispatch {
  readonly #parts: DispatchParts;
  readonly #runner: RecordRunner;
  /** Handlers that have not settled though their time is over. */
  readonly #overdue = new Set<Delivery>();
  readonly #held = new Map<Delivery, Timer>();
  /** When the present turn of the event loop began to start handlers; undefined where it has started none. */
  #sliceStartMs: number | undefined;
  /** Whether something was left to start when the slice was over. */
  #wasCut = false;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
    this.#runner = parts.runner({
      mayHandle: ({ owner }) => parts.mayStart() && !parts.isPaused(owner),
      onOverdue: (delivery) => {
        this.#overdue.add(delivery);
        parts.scheduler.overrun(delivery);
        this.start();
      },
    });
  }

  /** Handlers that have not settled though their time and their grace are over. */
  get overdue(): readonly Delivery[] {
    return [...this.#overdue];
  }

  /** Whether more handlers could run than there are records for. */
  get hasSpareSlots(): boolean {
    return this.#parts.scheduler.hasSpareSlots;
  }

  /** Copies that the broker has not taken yet, and was asked to. */
  get failingCopies(): number {
    let failing = 0;
    for (const { copy } of this) if (copy?.failed === true) failing += 1;
    return failing;
  }

  /** How many records are held, by what they wait for. */
  get held(): ReadonlyMap<ErrorCode, number> {
    const held = new Map<ErrorCode, number>();
    for (const { heldFor } of this) if (heldFor !== undefined) held.set(heldFor, (held.get(heldFor) ?? 0) + 1);
    return held;
  }

  /** Takes a record that a handler is owed, or a copy. */
  enqueue(delivery: Delivery): void {
    this.#parts.budget.take(delivery);
    this.#parts.scheduler.enqueue(delivery);
  }

  /** Starts what may start. Handlers that only use the processor would else keep the event loop from turning. */
  start(): void {
    const { clock, scheduler, mayStart } = this.#parts;
    while (scheduler.hasWork && mayStart() && !this.#sliceIsOver(clock.monotonicMs())) {
      const delivery = scheduler.next();
      if (delivery === undefined) return;
      void this.#runner.run(delivery).then((result) => {
        this.#after(delivery, result);
      });
    }
  }

  /** Forgets the records of these partitions that do not run. */
  drop(sessions: ReadonlySet<PartitionSession>): void {
    this.#drop(({ session }) => sessions.has(session));
  }

  /**
   * Forgets an owner's records of a partition that do not run.
   *
   * @returns the records
   */
  dropOwner(of: PartitionSession, owner: Owner): ReceivedRecord[] {
    const dropped = this.#drop((delivery) => delivery.session === of && delivery.owner === owner);
    return dropped.map(({ record }) => record);
  }

  /** An owner's records of a partition that run, below an offset, are not tried again where they fail. */
  skipRunning(of: PartitionSession, owner: Owner, until: number): void {
    for (const delivery of this) {
      if (delivery.session === of && delivery.owner === owner && delivery.record.offset < until)
        delivery.isSkipped = true;
    }
  }

  /** Records that wait or run. */
  *[Symbol.iterator](): IterableIterator<Delivery> {
    yield* this.#parts.scheduler;
  }

  #drop(matches: (delivery: Delivery) => boolean): Delivery[] {
    const dropped = this.#parts.scheduler.drop(matches);
    for (const delivery of dropped) {
      this.#parts.budget.giveBack(delivery);
      this.#held.get(delivery)?.cancel();
      this.#held.delete(delivery);
    }
    return dropped;
  }

  stop(): void {
    for (const timer of this.#held.values()) timer.cancel();
    this.#held.clear();
  }

  #sliceIsOver(nowMs: number): boolean {
    if (this.#sliceStartMs === undefined) {
      this.#sliceStartMs = nowMs;
      this.#parts.clock.setTimer(0, () => {
        const wasCut = this.#wasCut;
        this.#sliceStartMs = undefined;
        this.#wasCut = false;
        if (wasCut) this.start();
      });
    }
    this.#wasCut = nowMs - this.#sliceStartMs > SLICE_MS;
    return this.#wasCut;
  }

  #after(delivery: Delivery, result: RunResult): void {
    const { scheduler, budget, onRoom, isPaused } = this.#parts;
    const { session, owner, record } = delivery;
    this.#overdue.delete(delivery);
    const isFailed = result.kind === 'again' && session.state === 'active';
    const isAgain = isFailed && delivery.isSkipped !== true;
    if (isAgain && !isPaused(owner)) {
      this.#hold(delivery, result.afterMs);
    } else {
      if (result.kind === 'finished' || (isFailed && !isAgain)) session.ledger.finish(record.offset);
      if (isAgain) session.ledger.rewind(owner, [record.offset], record.timestampMs);
      scheduler.settle(delivery);
      budget.giveBack(delivery);
      onRoom(owner);
    }
    this.start();
  }

  #hold(delivery: Delivery, forMs: number): void {
    const { clock, scheduler } = this.#parts;
    scheduler.hold(delivery);
    const timer = clock.setTimer(forMs, () => {
      this.#held.delete(delivery);
      scheduler.release(delivery);
      this.start();
    });
    this.#held.set(delivery, timer);
  }
}
