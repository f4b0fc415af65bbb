import type { Clock, Timer } from '../../core/clock.js';

/** Something that must be over in time. Its fields belong to `Deadlines`; it begins with `undefined` in all of them. */
export interface Timed<T> {
  deadlineMs: number | undefined;
  earlier: T | undefined;
  later: T | undefined;
}

/**
 * What must be over a fixed time after it began. All have the same time, so the order in which they began is the
 * order of their deadlines, and one timer is enough: one for each costs more than most handlers take.
 *
 * They are chained to each other. The table of a `Map` that is filled and emptied all the time keeps alive what was in
 * it until the next major collection.
 */
export class Deadlines<T extends Timed<T>> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #onOver: (running: T) => void;
  #first: T | undefined;
  #last: T | undefined;
  #timer: Timer | undefined;

  /** @param onOver - told once of what was not ended in time */
  constructor(clock: Clock, afterMs: number, onOver: (running: T) => void) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#onOver = onOver;
  }

  begin(running: T): void {
    running.deadlineMs = this.#clock.monotonicMs() + this.#afterMs;
    running.earlier = this.#last;
    if (this.#last === undefined) this.#first = running;
    else this.#last.later = running;
    this.#last = running;
    this.#timer ??= this.#timerFor(this.#afterMs);
  }

  /** Does nothing where its time was over. */
  end(running: T): void {
    if (running.deadlineMs === undefined) return;
    this.#unchain(running);
    if (this.#first !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #unchain(running: T): void {
    const { earlier, later } = running;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    running.deadlineMs = running.earlier = running.later = undefined;
  }

  #timerFor(delayMs: number): Timer {
    return this.#clock.setTimer(delayMs, () => {
      this.#timer = this.#check();
    });
  }

  /** @returns the timer for what is not over yet */
  #check(): Timer | undefined {
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#first; first?.deadlineMs !== undefined; first = this.#first) {
      if (first.deadlineMs > nowMs) return this.#timerFor(first.deadlineMs - nowMs);
      this.#unchain(first);
      this.#onOver(first);
    }
    return undefined;
  }
}
