/**
 * Values under small numbers. A number is free again once its value is taken.
 *
 * Not a Map: one that is filled and emptied all the time gives up its table every few thousand entries, and a
 * table that is old and dead by then keeps what it held alive for the garbage collector.
 */
export class Slots<T extends object> {
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  put(value: T): number {
    const slot = this.#free.pop();
    if (slot === undefined) return this.#values.push(value) - 1;
    this.#values[slot] = value;
    return slot;
  }

  take(slot: number): T | undefined {
    const value = this.#values[slot];
    if (value === undefined) return undefined;
    this.#values[slot] = undefined;
    this.#free.push(slot);
    return value;
  }

  takeAll(): T[] {
    return this.#values.flatMap((_, slot) => this.take(slot) ?? []);
  }
}
