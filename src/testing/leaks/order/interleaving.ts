import { deferred } from '../../../core/deferred.js';
import { systemClock } from '../../../core/clock.js';
import type { VirtualClock } from '../../virtual-clock.js';
import { Choices } from './choices.js';

/** So much of the client's time passes at once while no handler runs. */
const IDLE_STEP_MS = 20;
/** So long answers of a real network are waited for before handlers go on without them: from then on the order is the network's. */
const MAX_IO_WAIT_MS = 2_000;
/** Of all choices, so many let several go on in one turn. */
const SEVERAL = 0.2;

interface Held {
  /** What goes on. */
  readonly resume: () => void;
  /** Of a timer, when it is due; those of a later time wait for the earlier ones. */
  readonly dueMs: number | undefined;
}

/**
 * Decides which handler goes on: whatever awaits a publish, a fetch or a short timer is held, and once nothing else moves
 * the seed chooses who is let go.
 */
export class Interleaving {
  /** What else the seed is to decide. */
  readonly random: Choices;
  #held = new Set<Held>();
  #timersMs = 0;
  #inFlight = 0;
  #impatient = 0;
  #choices = 0;

  constructor(seed: number) {
    this.random = new Choices(seed);
  }

  /** How often a choice was made. */
  get choices(): number {
    return this.#choices;
  }

  /** How often answers of the network took too long to be waited for; with 0 the seed alone decided the order. */
  get impatient(): number {
    return this.#impatient;
  }

  /** Calls `resume` when it is its turn. */
  hold(resume: () => void): void {
    this.#held.add({ resume, dueMs: undefined });
  }

  /**
   * The same in the order of time; it takes none.
   *
   * @returns takes it back
   */
  holdTimer(delayMs: number, resume: () => void): () => void {
    const held = { resume, dueMs: this.#timersMs + Math.max(0, delayMs) };
    this.#held.add(held);
    return () => this.#held.delete(held);
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    const turn = deferred<undefined>();
    this.hold(() => {
      turn.resolve(undefined);
    });
    return turn.promise;
  }

  /** Something real was begun, whose answer is to be waited for; to be called once: it has come. */
  beginIo(): () => void {
    this.#inFlight += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#inFlight -= 1;
    };
  }

  /**
   * Lets time pass and handlers go on until `work` has settled.
   *
   * @param isHandling - whether handlers run, which may wait for something real that nobody knows of
   * @returns whether it has settled in time
   */
  async drive(
    work: Promise<unknown>,
    clock: VirtualClock,
    isHandling: () => boolean,
    timeoutMs: number,
  ): Promise<boolean> {
    const progress = { isSettled: false };
    const done = (): void => {
      progress.isSettled = true;
    };
    work.then(done, done);
    const deadlineMs = systemClock.monotonicMs() + timeoutMs;
    for (;;) {
      await this.#quiet(clock);
      if (progress.isSettled) return true;
      if (systemClock.monotonicMs() > deadlineMs) return false;
      const isAnyHeld = this.#letGo();
      if (!isAnyHeld && isHandling()) await aMillisecond();
      // Also where handlers set timers without end, some time must pass for the client.
      await clock.advance(isAnyHeld || isHandling() ? 1 : IDLE_STEP_MS);
    }
  }

  /** Lets go of what handlers have left behind, such as timers, in at most so many choices; then of all that is left. */
  async drain(clock: VirtualClock, maxChoices: number): Promise<void> {
    for (let count = 0; count < maxChoices; count += 1) {
      await this.#quiet(clock);
      if (!this.#letGo()) return;
    }
    for (const { resume } of this.#take([...this.#held])) resume();
  }

  /** Until nothing moves any more. */
  async #quiet(clock: VirtualClock): Promise<void> {
    await clock.advance(0);
    if (this.#inFlight === 0) return;
    const deadlineMs = systemClock.monotonicMs() + MAX_IO_WAIT_MS;
    while (this.#inFlight > 0) {
      if (systemClock.monotonicMs() > deadlineMs) {
        this.#impatient += 1;
        return;
      }
      await aMillisecond();
    }
    await clock.advance(0);
  }

  #letGo(): boolean {
    const timers = [...this.#held].flatMap(({ dueMs }) => dueMs ?? []);
    const nextMs = Math.min(...timers);
    let isTimerTaken = false;
    const ready = [...this.#held].filter(({ dueMs }) => {
      if (dueMs === undefined) return true;
      if (isTimerTaken || dueMs > nextMs) return false;
      isTimerTaken = true;
      return true;
    });
    if (ready.length === 0) return false;
    this.#choices += 1;
    const count = this.random.isTrue(SEVERAL) ? 1 + this.random.below(ready.length) : 1;
    for (const { resume, dueMs } of this.#take(this.random.shuffled(ready).slice(0, count))) {
      if (dueMs !== undefined) this.#timersMs = Math.max(this.#timersMs, dueMs);
      resume();
    }
    return true;
  }

  #take(chosen: readonly Held[]): readonly Held[] {
    for (const held of chosen) this.#held.delete(held);
    return chosen;
  }
}

/** It keeps the process alive: where a handler never settles, or no answer comes, nothing else may do so. */
function aMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(1, resolve, { keepAlive: true });
  });
}
