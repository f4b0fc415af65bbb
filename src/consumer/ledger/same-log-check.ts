import type { ReceivedRecord } from '../../record/wire-record.js';

/** What tells a record from any other that may stand at its offset. */
export type RecordMark = Pick<ReceivedRecord, 'offset' | 'leaderEpoch' | 'timestampMs'>;

/**
 * What a reader has found out about its log. `same`: all that was read is still in it. `rewritten`: something else may
 * stand there now. `open`: nobody can tell yet.
 */
export type LogVerdict = 'same' | 'rewritten' | 'open';

/**
 * Whether a log still holds what was read of it, by reading its newest known record again. Logs only ever agree up to
 * where they differ: where that record is the same one, everything before it is. A leader writes its records in one go,
 * so a later record of the same leader epoch says as much (KIP-101). Where retention has taken it, it is enough that the
 * log holds nothing up to where reading had come to.
 */
export class SameLogCheck {
  /** Where the log began when the check did. */
  readonly lowOffset: number;
  readonly #newest: RecordMark;
  readonly #readTo: number;
  #isFound: boolean;

  /** @param readTo - below it nothing but the newest record, and what precedes it, was in the log */
  constructor(newest: RecordMark, readTo: number, lowOffset: number) {
    this.#newest = newest;
    this.#readTo = readTo;
    this.lowOffset = lowOffset;
    this.#isFound = newest.offset < lowOffset;
  }

  /** Where reading has to begin for it. */
  get startOffset(): number {
    return Math.max(this.#newest.offset, this.lowOffset);
  }

  /** Reading from there on has brought a record. */
  see({ offset, leaderEpoch, timestampMs }: RecordMark): LogVerdict {
    const newest = this.#newest;
    if (offset < newest.offset) return 'open';
    if (offset === newest.offset) {
      this.#isFound = leaderEpoch === newest.leaderEpoch && timestampMs === newest.timestampMs;
      return this.#isFound ? 'open' : 'rewritten';
    }
    // There was nothing between it and where reading had come to.
    if (offset < this.#readTo) return 'rewritten';
    return this.#isFound || (leaderEpoch !== undefined && leaderEpoch === newest.leaderEpoch) ? 'same' : 'rewritten';
  }

  /** Nothing is left to come below an offset. */
  seeEnd(offset: number): LogVerdict {
    if (offset < this.#readTo) return 'open';
    return this.#isFound ? 'same' : 'rewritten';
  }
}
