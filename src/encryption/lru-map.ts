/** A map of bounded size that forgets what was not used for the longest time. */
export class LruMap<K, V extends object | number> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();
  #newest: K | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined && key !== this.#newest) this.#touch(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#touch(key, value);
    if (this.#entries.size > this.#capacity) this.dropOldest();
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  oldest(): [K, V] | undefined {
    return this.#entries.entries().next().value;
  }

  dropOldest(): void {
    const oldest = this.oldest();
    if (oldest !== undefined) this.#entries.delete(oldest[0]);
  }

  #touch(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
  }
}
