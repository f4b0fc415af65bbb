import type { Clock, Timer } from '../../core/clock.js';
import { deferred } from '../../core/deferred.js';

/** How long a call may wait: until its time is over, or one of its signals is aborted. */
export class Patience {
  readonly #over = deferred<undefined>();
  /** Of this call alone: a signal that many calls share warns of so many listeners. */
  readonly #ended: AbortSignal;
  readonly #timer: Timer;
  #isOver = false;

  constructor(clock: Clock, ms: number, signals: readonly AbortSignal[]) {
    this.#ended = AbortSignal.any([...signals]);
    this.#timer = clock.setTimer(ms, this.end, { keepAlive: true });
    this.#ended.addEventListener('abort', this.end);
    if (this.#ended.aborted) this.end();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What `work` resolves with, or rejects with; undefined where the patience ends before. */
  with<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.#over.promise]);
  }

  /** To be called in any case: until then it holds on to its signals. */
  readonly end = (): void => {
    this.#isOver = true;
    this.#timer.cancel();
    this.#ended.removeEventListener('abort', this.end);
    this.#over.resolve(undefined);
  };
}
