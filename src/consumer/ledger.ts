import type { RecordedProgress } from './commit-metadata.js';
import { toRuns } from './offset-runs.js';
import { OffsetSet } from './offset-set.js';
import type { Owner } from './record-owner.js';
import { TenantCursors } from './tenant-cursors.js';

/**
 * What becomes of a record that the head has come to. `offered`: its owner is live; it is taken, parked at or
 * finished now. `awaited`: a predecessor had taken it, and so it is taken. `passed`: it was finished before, or
 * waits behind its owner's cursor.
 */
export type Receipt = 'offered' | 'awaited' | 'passed';

/**
 * The only source of what is committed for a partition: its head, the records that were taken and are not
 * finished, and the cursors of the owners whose records the head has passed over. The watermark is the lowest
 * of them; there is no set of finished offsets.
 *
 * A new owner of the partition first reads what its predecessor recorded as taken. Those records are taken here
 * from the start, so reading only brings their bytes; nothing else is read before the last of them has come.
 */
export class PartitionLedger {
  readonly cursors: TenantCursors;
  readonly #taken = new OffsetSet();
  /** Taken offsets that a predecessor recorded and whose records have not been read yet. */
  readonly #awaited = new OffsetSet();
  #head: number;

  /** @param start - the committed watermark with what was recorded beside it, or a plain offset */
  constructor(start: RecordedProgress | number) {
    if (typeof start === 'number') {
      this.#head = start;
      this.cursors = new TenantCursors();
      return;
    }
    this.#head = start.head;
    this.cursors = new TenantCursors(start.cursors);
    for (const run of start.taken) {
      for (let offset = run.start; offset < run.start + run.length; offset += 1) {
        this.#taken.add(offset);
        this.#awaited.add(offset);
      }
    }
  }

  /** The next offset that the head comes to. */
  get head(): number {
    return this.#head;
  }

  /** The offset below which every record is finished; it is what is committed. */
  get watermark(): number {
    const taken = this.#taken.lowest() ?? this.#head;
    return Math.min(taken, this.cursors.lowest() ?? taken);
  }

  /** Records taken and not finished. */
  get unfinished(): number {
    return this.#taken.size;
  }

  /** Where reading for the head goes on: at the next record that a predecessor had taken, else at the head. */
  get nextToRead(): number {
    return this.#awaited.lowest() ?? this.#head;
  }

  /** Whether records that a predecessor had taken have not been read yet. */
  get isRecovering(): boolean {
    return this.#awaited.size > 0;
  }

  /** The head's reader has come to a record. Offsets come in ascending order; what they leave out does not exist. */
  receive(offset: number, owner: Owner): Receipt {
    this.passTo(offset);
    if (offset < this.#head) return this.#awaited.delete(offset) ? 'awaited' : 'passed';
    this.#head = offset + 1;
    const cursor = this.cursors.of(owner);
    if (cursor === undefined) return 'offered';
    cursor.unread += 1;
    return 'passed';
  }

  /** The head's reader has nothing below this offset to bring any more: awaited records below it have left the log. */
  passTo(offset: number): void {
    for (;;) {
      const awaited = this.#awaited.lowest();
      if (awaited === undefined || awaited >= offset) break;
      this.#awaited.delete(awaited);
      this.#taken.delete(awaited);
    }
    if (offset > this.#head) this.#head = offset;
  }

  /** The log begins here now: what is below is gone, whoever's it was. */
  forgetBelow(offset: number): void {
    this.passTo(offset);
    this.cursors.raiseTo(offset);
    this.cursors.releaseFrom(this.#head);
  }

  /** A record is held for its handler, until `finish`. */
  take(offset: number): void {
    this.#taken.add(offset);
  }

  /** The owner of a record that was offered has no room: the head goes on without it. */
  park(owner: Owner, offset: number): void {
    this.cursors.park(owner, offset).unread = 1;
  }

  /** A taken record is finished: handled, skipped, or its copy is acknowledged. */
  finish(offset: number): void {
    this.#taken.delete(offset);
  }

  progress(): RecordedProgress {
    return {
      watermark: this.watermark,
      head: this.#head,
      cursors: this.cursors.recorded(),
      taken: toRuns(this.#taken.sorted()),
    };
  }
}
