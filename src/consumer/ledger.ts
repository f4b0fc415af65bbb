import type { RecordedProgress } from './commit-metadata.js';
import { toRuns } from './offset-runs.js';
import { OffsetSet } from './offset-set.js';

/** What becomes of a record that the reader brings. */
export type Receipt = 'take' | 'finished-before';

/**
 * The only source of what is committed for a partition: its head, and the records that were taken and are
 * not finished. The watermark is the lowest of them; there is no set of finished offsets.
 *
 * A new owner reads again from the watermark. What its predecessor recorded as unfinished is already taken
 * here, so until the reader has come to the recorded head it only brings the bytes of those records, and
 * what lies between them was finished before.
 */
export class PartitionLedger {
  readonly #taken = new OffsetSet();
  /** Taken offsets that a predecessor recorded and whose records the reader has not brought yet. */
  readonly #awaited = new OffsetSet();
  #head: number;

  /** @param start - the committed watermark with what was recorded beside it, or a plain offset */
  constructor(start: RecordedProgress | number) {
    if (typeof start === 'number') {
      this.#head = start;
      return;
    }
    // Parked tenants' records lie between their cursors and the head, untold; they are delivered again.
    this.#head = start.cursors.reduce((head, cursor) => Math.min(head, cursor.offset), start.head);
    for (const run of start.taken) {
      for (let offset = run.start; offset < run.start + run.length && offset < this.#head; offset += 1) {
        this.#taken.add(offset);
        this.#awaited.add(offset);
      }
    }
  }

  /** The next offset at which nothing was begun. */
  get head(): number {
    return this.#head;
  }

  /** The offset below which every record is finished; it is what is committed. */
  get watermark(): number {
    return this.#taken.lowest() ?? this.#head;
  }

  /** Records taken and not finished. */
  get unfinished(): number {
    return this.#taken.size;
  }

  /** The reader has come to a record. Offsets come in ascending order; what they leave out does not exist. */
  receive(offset: number): Receipt {
    this.passTo(offset);
    if (offset < this.#head) {
      const awaited = this.#awaited.delete(offset);
      return awaited ? 'take' : 'finished-before';
    }
    this.#head = offset + 1;
    this.#taken.add(offset);
    return 'take';
  }

  /** The reader's next record is at `offset` or later: awaited records before it have left the log. */
  passTo(offset: number): void {
    for (;;) {
      const awaited = this.#awaited.lowest();
      if (awaited === undefined || awaited >= offset) break;
      this.#awaited.delete(awaited);
      this.#taken.delete(awaited);
    }
    if (offset > this.#head) this.#head = offset;
  }

  /** A taken record is finished: handled, skipped, or its copy is acknowledged. */
  finish(offset: number): void {
    this.#taken.delete(offset);
  }

  progress(): RecordedProgress {
    return { watermark: this.watermark, head: this.#head, cursors: [], taken: toRuns(this.#taken.sorted()) };
  }
}
