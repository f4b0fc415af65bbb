/**
 * A set of offsets that knows its lowest member. Offsets may be added and removed in any order; a removed
 * one stays in the heap until it comes to the top, so removal costs nothing.
 */
export class OffsetSet {
  readonly #members = new Set<number>();
  readonly #heap: number[] = [];

  get size(): number {
    return this.#members.size;
  }

  has(offset: number): boolean {
    return this.#members.has(offset);
  }

  add(offset: number): void {
    if (this.#members.has(offset)) return;
    this.#members.add(offset);
    this.#push(offset);
  }

  delete(offset: number): boolean {
    return this.#members.delete(offset);
  }

  /** The lowest offset, or undefined where the set is empty. */
  lowest(): number | undefined {
    let top = this.#heap[0];
    while (top !== undefined && !this.#members.has(top)) {
      this.#pop();
      top = this.#heap[0];
    }
    return top;
  }

  /** All offsets, ascending. */
  sorted(): number[] {
    return [...this.#members].sort((a, b) => a - b);
  }

  #push(offset: number): void {
    const heap = this.#heap;
    let at = heap.push(offset) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= offset) break;
      heap[at] = this.#at(parent);
      at = parent;
    }
    heap[at] = offset;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#at(child + 1) < this.#at(child)) child += 1;
      if (last <= this.#at(child)) break;
      heap[at] = this.#at(child);
      at = child;
    }
    heap[at] = last;
  }

  #at(index: number): number {
    return this.#heap[index] ?? Number.POSITIVE_INFINITY;
  }
}
