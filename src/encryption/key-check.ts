/** The times between which a key in use is asked about again, and what a check that fails waits for the next. */
export const CHECK = { earliestMs: 9 * 60_000, latestMs: 14 * 60_000, withinMs: 15 * 60_000, retryMs: 30_000 } as const;

/**
 * When the key service is next asked whether a key in use may still be used. It is asked in the background, early enough
 * that the answer is there after 15 minutes; of a key that nobody has used or asked about for so long, the answer is
 * waited for. So a key that is revoked stops within that time where the service is reachable.
 */
export class KeyCheck {
  readonly #random: () => number;
  #dueAtMs: number;
  #waitFromMs: number;
  /** The check that is under way. */
  running: Promise<void> | undefined;

  /** @param random - from 0 to 1, so that thousands of keys are not checked at the same time */
  constructor(nowMs: number, random: () => number) {
    this.#random = random;
    this.#dueAtMs = nowMs;
    this.#waitFromMs = nowMs;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Whether nobody may go on without an answer. */
  mustWait(nowMs: number): boolean {
    return nowMs >= this.#waitFromMs;
  }

  confirmed(nowMs: number): void {
    this.#dueAtMs = nowMs + CHECK.earliestMs + (CHECK.latestMs - CHECK.earliestMs) * this.#random();
    this.#waitFromMs = nowMs + CHECK.withinMs;
  }

  /** The service did not say: what is at hand serves on. */
  failed(nowMs: number): void {
    this.#dueAtMs = nowMs + CHECK.retryMs;
    this.#waitFromMs = nowMs + CHECK.withinMs;
  }
}
