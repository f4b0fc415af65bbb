/** What became of a turn: a record was handed over and there is `more`, or not (`done`), or it did not fit (`blocked`). */
export type Turn = 'more' | 'done' | 'blocked';

/** Someone who waits for room in the window. */
export interface WindowWaiter {
  /** There is some room; take it with `take`. */
  onTurn(): Turn;
}

/**
 * How much may be in flight to the brokers at once. Whoever finds it full waits in line; a tenant stands in
 * line once, whatever it has to send, so that waiting tenants take turns, a record each.
 */
export class SendWindow {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #line = new Set<WindowWaiter>();
  #records = 0;
  #bytes = 0;
  #serving = false;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  /**
   * Whether a sender with so much in flight may have one record more: nobody may have more than is still free.
   * One alone gets half, two a third each, so that those whose records are stuck leave room for all others
   * (the dynamic threshold of Choudhury and Hahne, 1998).
   */
  hasShareFor(ownRecords: number, ownBytes: number): boolean {
    return (
      ownRecords === 0 || (ownRecords < this.#maxRecords - this.#records && ownBytes < this.#maxBytes - this.#bytes)
    );
  }

  /** Takes room for one record where nobody waits for it. An empty window takes a record of any size. */
  tryTake(bytes: number): boolean {
    return this.#line.size === 0 && this.take(bytes);
  }

  /** Takes room for one whose turn it is. */
  take(bytes: number): boolean {
    const fits = this.#records === 0 || (this.#records < this.#maxRecords && this.#bytes + bytes <= this.#maxBytes);
    if (!fits) return false;
    this.#records += 1;
    this.#bytes += bytes;
    return true;
  }

  waitInLine(waiter: WindowWaiter): void {
    this.#line.add(waiter);
  }

  release(bytes: number): void {
    this.#records -= 1;
    this.#bytes -= bytes;
    // A waiter that gives its room back in its own turn leaves it to the next one of the same round.
    if (this.#serving) return;
    this.#serving = true;
    try {
      this.#serve();
    } finally {
      this.#serving = false;
    }
  }

  #serve(): void {
    for (const waiter of this.#line) {
      if (this.#records >= this.#maxRecords) return;
      const turn = waiter.onTurn();
      if (turn === 'blocked') return; // it stays first, or a large record would wait for ever behind small ones
      this.#line.delete(waiter);
      if (turn === 'more') this.#line.add(waiter);
    }
  }
}
