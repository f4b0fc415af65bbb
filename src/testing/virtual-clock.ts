import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '../core/clock.js';

interface Waiting {
  readonly atMs: number;
  readonly callback: () => void;
  /** As the timers of Node.js do, it runs with the ambient values of where it was set. */
  readonly origin: AsyncResource;
}

const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/**
 * A clock that stands still until it is told to go on, for tests that must not wait and must end the same way
 * every time. Give it to a client as `clock`, then move time on with `advance`.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const kafka = new TenantKafka({ clientId: 'test', brokers, clock });
 * await clock.advance(30_000);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  /** By time; those of the same time in the order they were set. */
  readonly #waiting: Waiting[] = [];

  /** @param startMs - the first answer of `nowMs`, milliseconds since the Unix epoch. Default 1 January 2026 */
  constructor(startMs: number = DEFAULT_START_MS) {
    this.#startMs = startMs;
  }

  /** Timers that have not fired. */
  get pendingTimers(): number {
    return this.#waiting.length;
  }

  nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const atMs = this.#elapsedMs + Math.max(0, delayMs);
    const waiting: Waiting = { atMs, callback, origin: new AsyncResource('VirtualTimer') };
    this.#waiting.splice(this.#placeOf(atMs), 0, waiting);
    return {
      cancel: () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
      },
    };
  }

  /**
   * Moves time on. Each timer fires at its own time, and what it sets off has settled before the next one.
   *
   * @param ms - how far; 0 only lets pending promises settle
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#waiting[0]; next !== undefined && next.atMs <= untilMs; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.origin.runInAsyncScope(next.callback);
      await settle();
    }
    this.#elapsedMs = untilMs;
  }

  /** Moves time on until `work` has settled, at most by `maxMs`, and gives its result. */
  async advanceUntil<T>(work: Promise<T>, maxMs = 3_600_000): Promise<T> {
    const progress = { settled: false };
    const done = (): void => {
      progress.settled = true;
    };
    work.then(done, done);
    const untilMs = this.#elapsedMs + maxMs;
    await settle();
    while (!progress.settled) {
      const next = this.#waiting[0];
      if (next === undefined || next.atMs > untilMs) {
        throw new Error(
          `nothing has come of it after ${maxMs} virtual ms, with ${this.#waiting.length} timers pending`,
        );
      }
      await this.advance(next.atMs - this.#elapsedMs);
    }
    return work;
  }

  #placeOf(atMs: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One turn of the event loop, before which all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
