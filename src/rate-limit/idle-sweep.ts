// Two, because a call may add one entry: the sweep has to be faster than the growth.
const LOOKED_AT_PER_STEP = 2;

/**
 * Deletes idle entries of a map a few at a time, going round and round, so that no call pays for a whole
 * sweep. Up to `keep` entries are left alone, which spares tenants that come and go from being made anew.
 */
export class IdleSweep<Key, Value> {
  readonly #entries: Map<Key, Value>;
  readonly #keep: number;
  #cursor: Iterator<[Key, Value]>;

  constructor(entries: Map<Key, Value>, keep: number) {
    this.#entries = entries;
    this.#keep = keep;
    this.#cursor = entries.entries();
  }

  /** Looks at the next entries and deletes those that are idle. */
  step(isIdle: (value: Value) => boolean): void {
    for (let looked = 0; looked < LOOKED_AT_PER_STEP && this.#entries.size > this.#keep; looked++) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#entries.entries();
      } else if (isIdle(next.value[1])) {
        this.#entries.delete(next.value[0]);
      }
    }
  }
}
