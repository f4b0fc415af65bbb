/** How many records, and how many bytes of them, may be held in memory at once. */
export class IntakeBudget {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #records = 0;
  #bytes = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  /** Nothing more may be read. A chunk already read may exceed the bounds by its own size. */
  get full(): boolean {
    return this.#records >= this.#maxRecords || this.#bytes >= this.#maxBytes;
  }

  /** Reading that had stopped may go on: half is free again, so that it does not stop and go for each record. */
  get relaxed(): boolean {
    return this.#records * 2 <= this.#maxRecords && this.#bytes * 2 <= this.#maxBytes;
  }

  /** How many records may still be read. */
  get roomForRecords(): number {
    return Math.max(0, this.#maxRecords - this.#records);
  }

  take(bytes: number): void {
    this.#records += 1;
    this.#bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#records -= 1;
    this.#bytes -= bytes;
  }
}
