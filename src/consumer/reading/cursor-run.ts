import type { PartitionLedger } from '../ledger/ledger.js';
import type { Owner } from '../ledger/record-owner.js';
import type { TenantCursor } from '../ledger/tenant-cursors.js';

/**
 * What becomes of a record that the second reader has come to. `taken`: it is. `no-room`: it is the next of its owner,
 * which has no room. `passed`: it is nobody's turn. `at-head`: the head has not been here.
 */
export type CatchUpReceipt = 'taken' | 'no-room' | 'passed' | 'at-head';

/**
 * One pass of the second reader over a part of a partition, from some cursor on towards the head. It serves every owner
 * whose cursor it comes by, for as long as it takes each record of it: an owner that it has had to leave behind keeps
 * its cursor, and waits for another pass.
 */
export class CursorRun {
  /** Everything below it that this pass could serve is taken. */
  #position: number;
  /** Where it was when cursors were last moved along. One below that has been passed, or was moved back since. */
  #settledAt: number;
  #read = 0;
  #taken = 0;
  readonly #ledger: PartitionLedger;
  readonly #behind = new Set<TenantCursor>();

  constructor(ledger: PartitionLedger, start: number) {
    this.#ledger = ledger;
    this.#position = start;
    this.#settledAt = start;
  }

  get position(): number {
    return this.#position;
  }

  /** Records that were read in this pass. */
  get read(): number {
    return this.#read;
  }

  /** Records that were taken in this pass. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether it has come to the head, and there is nothing left for it. */
  get isAtHead(): boolean {
    return this.#position >= this.#ledger.head;
  }

  /** A record has come. Offsets come in ascending order; what they leave out does not exist. */
  receive(offset: number, owner: Owner, hasRoom: (owner: Owner) => boolean): CatchUpReceipt {
    if (offset >= this.#ledger.head) {
      this.#position = this.#ledger.head;
      return 'at-head';
    }
    const cursor = this.#ledger.cursors.of(owner);
    if (cursor === undefined || !this.#serves(cursor, offset)) return this.#went(offset, 'passed');
    this.#endReplay(cursor, offset);
    if (cursor.offset > offset) return this.#went(offset, 'passed');
    if (!hasRoom(owner)) {
      this.#position = offset;
      return 'no-room';
    }
    this.#ledger.take(offset);
    cursor.offset = offset + 1;
    if (cursor.unread > 0) cursor.unread -= 1;
    this.#taken += 1;
    return this.#went(offset, 'taken');
  }

  /** The owner of a record without room stays behind: its cursor stands at this record until another pass. */
  leaveBehind(offset: number, owner: Owner): void {
    const { cursors } = this.#ledger;
    const cursor = cursors.of(owner);
    if (cursor === undefined) return;
    // A recorded cursor may stand for another owner too, which goes on.
    const own = cursor.owner === undefined ? cursors.park(owner, offset) : cursor;
    own.offset = offset;
    own.servedIn = cursor.servedIn;
    this.#behind.add(own);
    this.#went(offset, 'passed');
  }

  /** Nothing below this offset is left to come. */
  passTo(offset: number): void {
    this.#position = Math.max(this.#position, Math.min(offset, this.#ledger.head));
  }

  /** Moves the cursors of those it serves to where it is; who has come to the head is live again. */
  settle(servedIn: number): void {
    const { cursors, head } = this.#ledger;
    for (const cursor of cursors) {
      if (!this.#serves(cursor, this.#position)) continue;
      cursor.offset = this.#position;
      cursor.servedIn = servedIn;
      this.#endReplay(cursor, this.#position);
    }
    cursors.releaseFrom(head);
    this.#settledAt = this.#position;
  }

  #serves(cursor: TenantCursor, offset: number): boolean {
    return cursor.offset >= this.#settledAt && cursor.offset <= offset && !this.#behind.has(cursor);
  }

  #went(offset: number, receipt: CatchUpReceipt): CatchUpReceipt {
    this.#position = offset + 1;
    this.#read += 1;
    return receipt;
  }

  /** A replay that has come to its end goes on where its owner was, or at the head. */
  #endReplay(cursor: TenantCursor, position: number): void {
    if (cursor.replay === undefined || position < cursor.replay.until) return;
    // A predecessor's head may have been recorded lower than where the owner was.
    cursor.offset = Math.max(position, Math.min(cursor.replay.resume, this.#ledger.head));
    cursor.replay = undefined;
  }
}
