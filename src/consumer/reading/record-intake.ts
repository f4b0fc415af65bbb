import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Counters } from '../handling/counters.js';
import type { CursorRun } from './cursor-run.js';
import type { DeadLetter, Origin } from '../handling/dead-letter.js';
import { heldBytes, laneOf, VIOLATIONS, type Delivery } from '../handling/delivery.js';
import type { HandlerTable } from '../handling/handler-table.js';
import type { IntakeBudget } from '../handling/intake-budget.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { ownerOf, type Owner } from '../ledger/record-owner.js';
import type { TenantGuard } from '../handling/tenant-guard.js';

/** What intake stands on. */
export interface IntakeParts {
  readonly guard: TenantGuard;
  readonly handlers: HandlerTable;
  readonly counters: Counters;
  readonly budget: IntakeBudget;
  readonly otherTypes: 'skip' | 'dead-letter';
  readonly enqueue: (delivery: Delivery) => void;
  /** Tenants of which nothing may start. */
  readonly paused: () => ReadonlySet<Owner>;
  /** A dead letter that is to be handled again; undefined where it is not. */
  readonly wanted: (copy: ReceivedRecord, owner: Owner) => DeadLetter | undefined;
}

/**
 * Decides for each record that a reader brings whether it is taken, left to its owner's cursor, or finished at once.
 * A record's owner comes from its key alone; what the guard says of it comes later and moves no cursor.
 */
export class RecordIntake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** The head's reader has brought a record. */
  fromHead(session: PartitionSession, record: ReceivedRecord): void {
    session.see(record);
    const { ledger } = session;
    const owner = ownerOf(record.key);
    const receipt = ledger.receive(record.offset, owner);
    if (receipt === 'passed') return;
    if (receipt === 'awaited' && this.#mustWait(session, owner, record.offset)) {
      ledger.rewind(owner, [record.offset], record.timestampMs);
      return;
    }
    const delivery = this.#deliveryOf(session, record, owner);
    if (receipt === 'awaited') {
      if (delivery === undefined) ledger.finish(record.offset);
      else this.#parts.enqueue(delivery);
    } else if (delivery !== undefined) {
      if (this.hasRoom(session, owner) && !this.#isOneTooMany(delivery)) {
        ledger.take(record.offset);
        this.#parts.enqueue(delivery);
      } else {
        ledger.park(owner, record.offset, record.timestampMs);
      }
    }
  }

  /**
   * The second reader has brought a record.
   *
   * @returns whether it is through with it; false where its owner has no room for it now
   */
  fromRun(session: PartitionSession, run: CursorRun, record: ReceivedRecord): boolean {
    const owner = ownerOf(record.key);
    // What nobody is to handle needs no room.
    const isPassed = session.isDeadLetters && this.#parts.wanted(record, owner) === undefined;
    const hasRoom = (named: Owner): boolean =>
      isPassed || (this.hasRoom(session, named) && !this.#wouldBeOneTooMany(record));
    const receipt = run.receive(record.offset, owner, hasRoom);
    const cursor = session.ledger.cursors.of(owner);
    if (cursor !== undefined && receipt !== 'passed') cursor.sinceMs = record.timestampMs;
    if (receipt === 'no-room') return false;
    if (receipt !== 'taken') return true;
    const delivery = this.#deliveryOf(session, record, owner);
    if (delivery === undefined) session.ledger.finish(record.offset);
    else this.#parts.enqueue(delivery);
    return true;
  }

  /** Whether an awaited record is left to its owner's cursor: it is paused, or waits further back. */
  #mustWait({ ledger }: PartitionSession, owner: Owner, offset: number): boolean {
    const cursor = ledger.cursors.of(owner);
    return this.#parts.paused().has(owner) || (cursor?.owner !== undefined && cursor.offset <= offset);
  }

  /** Forged records can name any number of tenants, each of which may hold one: together they have a bound of their own. */
  #isOneTooMany(delivery: Delivery): boolean {
    return delivery.payer === VIOLATIONS && this.#parts.budget.isFullOfViolations;
  }

  #wouldBeOneTooMany(record: ReceivedRecord): boolean {
    return this.#parts.budget.isFullOfViolations && this.#parts.guard.check(record).kind === 'violation';
  }

  /** Whether one more record of an owner may be taken. */
  hasRoom(session: PartitionSession, owner: Owner): boolean {
    return !this.#isShut(session, owner) && this.#parts.budget.hasRoom(owner);
  }

  /** Whether it is worth reading for an owner that is parked. */
  isRelaxed(session: PartitionSession, owner: Owner): boolean {
    return !this.#isShut(session, owner) && this.#parts.budget.isRelaxed(owner);
  }

  /** Whether an owner gets nothing more however much room there is; where metadata is crowded, a record at a time. */
  #isShut(session: PartitionSession, owner: Owner): boolean {
    const { budget, paused } = this.#parts;
    return paused().has(owner) || (session.isCrowded && !budget.holdsNothing(owner));
  }

  /** @returns undefined where there is nothing to do for a record */
  #deliveryOf(session: PartitionSession, record: ReceivedRecord, owner: Owner): Delivery | undefined {
    if (!session.isDeadLetters) return this.#examine(session, record, owner, undefined);
    const letter = this.#parts.wanted(record, owner);
    return letter && this.#examine(session, letter.record, owner, letter.origin);
  }

  /** @returns undefined where there is nothing to do for a record: it is counted, and finished */
  #examine(
    session: PartitionSession,
    record: ReceivedRecord,
    owner: Owner,
    origin: Origin | undefined,
  ): Delivery | undefined {
    const { guard, counters, handlers, otherTypes } = this.#parts;
    const verdict = guard.check(record);
    if (verdict.kind === 'foreign') {
      counters.foreign();
      return undefined;
    }
    if (verdict.kind === 'violation') {
      return delivery(session, record, owner, VIOLATIONS, { violation: verdict.code }, origin);
    }
    const { tenantId, eventType } = verdict.record;
    // A dead letter without a handler stays one: to skip it would lose it.
    const maySkip = otherTypes === 'skip' && origin === undefined;
    if (maySkip && handlers.find(eventType, session.logicalTopic) === 'unknown-type') {
      counters.skipped(tenantId);
      return undefined;
    }
    return delivery(session, record, owner, tenantId, verdict.record, origin);
  }
}

function delivery(
  session: PartitionSession,
  record: ReceivedRecord,
  owner: Owner,
  payer: Delivery['payer'],
  guarded: Delivery['guarded'],
  origin: Origin | undefined,
): Delivery {
  const lane = laneOf(record, 'violation' in guarded);
  const replay = origin === undefined && record.offset < session.ledger.replayedUntil(owner);
  return {
    session,
    record,
    owner,
    payer,
    guarded,
    lane,
    replay,
    origin,
    heldBytes: heldBytes(record),
    copy: undefined,
    attempts: 0,
  };
}
