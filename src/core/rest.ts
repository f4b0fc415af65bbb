import type { Clock, Timer } from './clock.js';

/** A loop's rest, which others may end before its time. */
export class Rest {
  readonly #clock: Clock;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether somebody rests now. */
  get isUnderWay(): boolean {
    return this.#end !== undefined;
  }

  /** Rests until `end`, at most `maxMs`. */
  async take(maxMs: number): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = this.#clock.setTimer(maxMs, resolve);
      this.#end = resolve;
    });
    timer?.cancel();
    this.#end = undefined;
  }

  /** Ends a rest that is under way. */
  end(): void {
    this.#end?.();
  }
}
