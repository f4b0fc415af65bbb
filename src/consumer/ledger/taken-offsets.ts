import { OffsetSet } from './offset-set.js';

/**
 * Offsets of records that were taken and are not finished. A record that is replayed while its first handling still
 * runs is taken twice, and is unfinished until both have ended.
 */
export class TakenOffsets {
  readonly #offsets = new OffsetSet();
  /** How many more times than once an offset is taken. */
  readonly #more = new Map<number, number>();

  /** How many offsets there are. */
  get size(): number {
    return this.#offsets.size;
  }

  take(offset: number): void {
    if (this.#offsets.has(offset)) this.#more.set(offset, (this.#more.get(offset) ?? 0) + 1);
    else this.#offsets.add(offset);
  }

  /** Undoes one `take`. */
  letGo(offset: number): void {
    const more = this.#more.get(offset) ?? 0;
    if (more > 1) this.#more.set(offset, more - 1);
    else if (!this.#more.delete(offset)) this.#offsets.delete(offset);
  }

  /** The lowest, or undefined where there is none. */
  lowest(): number | undefined {
    return this.#offsets.lowest();
  }

  /** Each once, ascending. */
  sorted(): number[] {
    return this.#offsets.sorted();
  }
}
