import type { RecordedNotes, RecordedProgress } from './commit-metadata.js';
import { toRuns } from './offset-runs.js';
import { OffsetSet } from './offset-set.js';
import type { Owner } from './record-owner.js';
import { TakenOffsets } from './taken-offsets.js';
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
  readonly #taken = new TakenOffsets();
  /** Taken offsets that a predecessor recorded and whose records have not been read yet. */
  readonly #awaited = new OffsetSet();
  /** Up to where owners' records are handled again on purpose, until the last of those is finished. */
  readonly #replayed = new Map<Owner, number>();
  /**
   * Owners whose records are passed over for good up to an offset: those ahead of the head, those that are awaited, and
   * what runs, which the next owner awaits after a crash.
   */
  readonly #skips = new Map<Owner, number>();
  #head: number;

  /** @param start - the committed watermark with what was recorded beside it, or a plain offset */
  constructor(start: (RecordedProgress & RecordedNotes) | number) {
    if (typeof start === 'number') {
      this.#head = start;
      this.cursors = new TenantCursors();
      return;
    }
    this.#head = start.head;
    this.cursors = new TenantCursors(start.cursors);
    for (const replay of start.replays ?? []) {
      this.cursors.takeUp(replay);
      this.#replayed.set(replay.owner, replay.until);
    }
    for (const { owner, until } of start.skips ?? []) {
      this.#skips.set(owner, until);
      // A recorded cursor may be another's of the same fingerprint; a replay's is its owner's own by now.
      if (this.cursors.of(owner)?.owner === undefined) this.#passOver(owner, until);
    }
    for (const run of start.taken) {
      for (let offset = run.start; offset < run.start + run.length; offset += 1) {
        this.#taken.take(offset);
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
    const isSkipped = offset < (this.#skips.get(owner) ?? 0);
    if (offset < this.#head) {
      if (!this.#awaited.delete(offset)) return 'passed';
      if (!isSkipped) return 'awaited';
      this.#taken.letGo(offset);
      return 'passed';
    }
    this.#head = offset + 1;
    if (isSkipped) return 'passed';
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
      this.#taken.letGo(awaited);
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
    this.#taken.take(offset);
  }

  /** The owner of a record that was offered has no room: the head goes on without it. */
  park(owner: Owner, offset: number, writtenAtMs?: number): void {
    const cursor = this.cursors.park(owner, offset);
    cursor.unread = 1;
    cursor.isComplete = true;
    cursor.sinceMs = writtenAtMs;
  }

  /**
   * Records of an owner that were dropped before they ran are taken no longer, and come again: it goes on from the first
   * of them at the latest.
   *
   * @param dropped - their offsets
   * @param writtenAtMs - when the oldest of them was written
   */
  rewind(owner: Owner, dropped: readonly number[], writtenAtMs?: number): void {
    for (const one of dropped) this.#taken.letGo(one);
    const cursor = this.cursors.of(owner);
    const { replay } = cursor ?? {};
    // What a replay will not come by is where its owner goes on after it.
    if (cursor !== undefined && replay !== undefined) {
      const ahead = dropped.filter((one) => one >= replay.until);
      cursor.replay = { until: replay.until, resume: lowest(replay.resume, ahead) };
    }
    const behind = replay === undefined ? dropped : dropped.filter((one) => one < replay.until);
    const from = lowest(cursor?.offset ?? this.#head, behind);
    if (from >= this.#head) return;
    const own = cursor?.owner === undefined ? this.cursors.park(owner, from) : cursor;
    own.offset = from;
    own.unread += dropped.length;
    own.isComplete = false;
    if (writtenAtMs !== undefined) own.sinceMs = Math.min(own.sinceMs ?? writtenAtMs, writtenAtMs);
  }

  /**
   * An owner's records from `from` up to `until` are handled again; then it goes on where it is now.
   *
   * @param dropped - offsets of its records that were dropped before they ran
   */
  replay(owner: Owner, dropped: readonly number[], from: number, until: number): void {
    // What a skip would pass over is among what is asked for, unless it is ahead of the head and this is not.
    if (until > this.#head || (this.#skips.get(owner) ?? 0) <= this.#head) this.#skips.delete(owner);
    const before = this.cursors.of(owner);
    const place = before?.replay?.resume ?? before?.offset ?? this.#head;
    // What a replay under way has still to come by may never have been handled: this one comes by it too.
    const underWay = before?.replay === undefined ? undefined : { from: before.offset, until: before.replay.until };
    const end = Math.max(Math.min(until, place), underWay?.until ?? 0);
    if (from >= end) {
      this.rewind(owner, dropped);
      return;
    }
    for (const one of dropped) this.#taken.letGo(one);
    const start = lowest(Math.min(from, underWay?.from ?? from), dropped);
    const cursor = before?.owner === undefined ? this.cursors.park(owner, start) : before;
    cursor.offset = start;
    cursor.isComplete = false;
    const ahead = dropped.filter((one) => one >= end);
    cursor.replay = { until: end, resume: lowest(place, ahead) };
    this.#replayed.set(owner, end);
  }

  /** Whether a record is handled again on purpose: below this offset an owner's records are. */
  replayedUntil(owner: Owner): number {
    return this.#replayed.get(owner) ?? 0;
  }

  /**
   * An owner's records below `until` are passed over for good.
   *
   * @param dropped - offsets of its records that were dropped before they ran
   */
  skip(owner: Owner, dropped: readonly number[], until: number): void {
    for (const one of dropped) if (one < until) this.#taken.letGo(one);
    this.rewind(
      owner,
      dropped.filter((one) => one >= until),
    );
    if (until > this.watermark) this.#skips.set(owner, until);
    this.#passOver(owner, until);
  }

  /** An owner's cursor leaves out what is below `until`. */
  #passOver(owner: Owner, until: number): void {
    const cursor = this.cursors.of(owner);
    if (cursor === undefined || cursor.offset >= until) return;
    const own = cursor.owner === undefined ? this.cursors.park(owner, cursor.offset) : cursor;
    own.offset = Math.min(until, this.#head);
    own.replay = undefined;
    this.cursors.releaseFrom(this.#head);
  }

  /** What is under way for single owners, as the commit metadata tells it. */
  notes(): Pick<RecordedNotes, 'replays' | 'skips'> {
    const { watermark } = this;
    for (const [owner, until] of this.#skips) if (until <= watermark) this.#skips.delete(owner);
    const replays = this.cursors.replays();
    for (const [owner, until] of this.#replayed) {
      if (replays.some((replay) => replay.owner === owner)) continue;
      // Its cursor has gone on, and records of it run: after a crash they are still what they are.
      if (watermark < until) replays.push({ owner, until, resume: until });
      else this.#replayed.delete(owner);
    }
    return {
      replays,
      skips: Array.from(this.#skips, ([owner, until]) => ({ owner, until })),
    };
  }

  /** A taken record is finished: handled, skipped, or its copy is acknowledged. */
  finish(offset: number): void {
    this.#taken.letGo(offset);
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

/** The lowest of many: as arguments of one call they would not find room. */
function lowest(first: number, others: readonly number[]): number {
  return others.reduce((low, one) => Math.min(low, one), first);
}
