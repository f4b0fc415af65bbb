import type { RecordedCursor, RecordedReplay } from './commit-metadata.js';
import { fingerprintOf, type Owner } from './record-owner.js';

/** The place of an owner whose records the head has passed over: its oldest record not taken is here or later. */
export interface TenantCursor {
  /** undefined where a predecessor recorded it: only the fingerprint is known until a record of it is read. */
  readonly owner: Owner | undefined;
  readonly fingerprint: number;
  /** Everything of the owner below this offset is taken or finished. */
  offset: number;
  /** Records of it that the head has passed over and that were not taken since. A lower bound after a restart. */
  unread: number;
  /** Whether `unread` counts all of them. */
  isComplete: boolean;
  /** When the record at the cursor, or an earlier one of the owner, was written; milliseconds since the Unix epoch. */
  sinceMs: number | undefined;
  /** What is handled again on purpose, before the owner goes on where it was. */
  replay: Replay | undefined;
  /** When the second reader last began to read for it, counted in its runs. */
  servedIn: number;
}

/** Records below `until` come again; then the cursor jumps to `resume`. */
export interface Replay {
  readonly until: number;
  readonly resume: number;
}

/** Owners that one recorded cursor stands for no longer, because they have a cursor of their own since. */
interface RecordedEntry {
  readonly cursor: TenantCursor;
  readonly left: Set<Owner>;
}

/** The cursors of the parked owners of one partition. Only who is parked has one. */
export class TenantCursors {
  readonly #named = new Map<Owner, TenantCursor>();
  /** By fingerprint, from a predecessor's metadata. */
  readonly #recorded = new Map<number, RecordedEntry>();

  /** @param recorded - what a predecessor has committed; of two with one fingerprint the lower one counts */
  constructor(recorded: readonly RecordedCursor[] = []) {
    for (const { fingerprint, offset } of recorded) {
      const known = this.#recorded.get(fingerprint)?.cursor;
      if (known !== undefined) known.offset = Math.min(known.offset, offset);
      else {
        const cursor = newCursor(undefined, fingerprint, offset);
        this.#recorded.set(fingerprint, { cursor, left: new Set() });
      }
    }
  }

  get size(): number {
    return this.#named.size + this.#recorded.size;
  }

  /** The cursor that an owner's records wait at; undefined where it is live. */
  of(owner: Owner): TenantCursor | undefined {
    const named = this.#named.get(owner);
    if (named !== undefined || this.#recorded.size === 0) return named;
    const entry = this.#recorded.get(fingerprintOf(owner));
    return entry === undefined || entry.left.has(owner) ? undefined : entry.cursor;
  }

  /** Gives a live owner, or one that a recorded cursor stands for, a cursor of its own. */
  park(owner: Owner, offset: number): TenantCursor {
    const fingerprint = fingerprintOf(owner);
    this.#recorded.get(fingerprint)?.left.add(owner);
    const cursor = newCursor(owner, fingerprint, offset);
    this.#named.set(owner, cursor);
    return cursor;
  }

  /** Takes up a predecessor's replay: the cursor that it recorded is the owner's own from now on. */
  takeUp({ owner, until, resume }: RecordedReplay): void {
    const recorded = this.of(owner);
    if (recorded?.owner !== undefined || recorded === undefined || recorded.offset >= until) return;
    this.park(owner, recorded.offset).replay = { until, resume };
  }

  /** The replays under way, as the commit metadata tells them. */
  replays(): RecordedReplay[] {
    return Array.from(this.#named.values()).flatMap(({ owner, replay }) =>
      owner === undefined || replay === undefined ? [] : [{ owner, ...replay }],
    );
  }

  *[Symbol.iterator](): IterableIterator<TenantCursor> {
    yield* this.#named.values();
    for (const { cursor } of this.#recorded.values()) yield cursor;
  }

  /** The lowest place; undefined where nobody is parked. */
  lowest(): number | undefined {
    let lowest: number | undefined;
    for (const { offset } of this) if (lowest === undefined || offset < lowest) lowest = offset;
    return lowest;
  }

  /** Whoever's cursor is at the head, or beyond it, is live again. */
  releaseFrom(head: number): void {
    for (const [owner, cursor] of this.#named) if (cursor.offset >= head) this.#named.delete(owner);
    for (const [fingerprint, { cursor }] of this.#recorded) {
      if (cursor.offset >= head) this.#recorded.delete(fingerprint);
    }
  }

  /** Nothing below this offset exists any more. */
  raiseTo(offset: number): void {
    for (const cursor of this) if (cursor.offset < offset) cursor.offset = offset;
  }

  /** As the commit metadata names them. */
  recorded(): RecordedCursor[] {
    return Array.from(this, ({ fingerprint, offset }) => ({ fingerprint, offset }));
  }
}

function newCursor(owner: Owner | undefined, fingerprint: number, offset: number): TenantCursor {
  return {
    owner,
    fingerprint,
    offset,
    unread: 0,
    isComplete: false,
    sinceMs: undefined,
    replay: undefined,
    servedIn: 0,
  };
}
