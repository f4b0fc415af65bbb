import { fingerprintOf, type Owner } from '../../consumer/ledger/record-owner.js';
import type { PartitionState } from '../cursors/partition-state.js';

/** Which records of a partition a group has not finished, as its last commit tells. */
export interface Unfinished {
  /** Below it everything is finished. */
  readonly from: number;
  /** Whether the owner is parked behind the head. */
  isParked(owner: Owner): boolean;
  /** Whether a record at this offset, of this owner, is not finished. */
  has(owner: Owner, offset: number): boolean;
}

/** Where the group has committed nothing, it has finished nothing; where metadata is not believed, all from the watermark on is not. */
export function unfinishedOf({ committed, range, progress }: PartitionState): Unfinished {
  const { lowOffset, highOffset } = range;
  // A log that was cut or made anew is read from its beginning.
  const watermark = committed === undefined || committed.offset > highOffset ? lowOffset : committed.offset;
  const { head, cursors, taken, replays = [], skips = [] } = progress ?? { head: watermark, cursors: [], taken: [] };
  const cursorOffsets = new Map(cursors.map(({ fingerprint, offset }) => [fingerprint, offset]));
  const skipEnds = new Map(skips.map(({ owner, until }) => [owner, until]));
  const isTaken = (offset: number): boolean =>
    taken.some(({ start, length }) => offset >= start && offset < start + length);
  return {
    from: Math.max(watermark, lowOffset),
    isParked: (owner) => cursorOffsets.has(fingerprintOf(owner)),
    has: (owner, offset) => {
      if (isTaken(offset)) return true;
      if (offset < (skipEnds.get(owner) ?? 0)) return false;
      const cursor = cursorOffsets.get(fingerprintOf(owner));
      if (cursor === undefined) return offset >= head;
      const replay = replays.find((one) => one.owner === owner);
      // From the end of a replay on the tenant goes on where it had been before.
      if (replay !== undefined && offset >= replay.until) return offset >= replay.resume;
      return offset >= cursor;
    },
  };
}
