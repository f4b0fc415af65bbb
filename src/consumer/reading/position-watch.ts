import { delay, type Clock, type Timer } from '../../core/clock.js';
import type { GroupConsumer, LogRange, TopicPartition } from '../../transport/port.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { SameLogCheck } from '../ledger/same-log-check.js';
import { lostRange, type Loss } from '../group/start-position.js';

/** What the watch is told and tells. */
export interface PositionWatchParts {
  readonly sessions: () => Iterable<PartitionSession>;
  readonly onLoss: (loss: Loss) => void;
  /** Retention will soon delete records that are not finished, from `offset` on. */
  readonly onRetentionNear: (place: TopicPartition & { readonly offset: number; readonly lowOffset: number }) => void;
  /** Where reading goes on for a reader that stands still at an offset that was given up; undefined where it was not. */
  readonly givenUpUntil: (place: TopicPartition, offset: number) => number | undefined;
  /** The log was cut, or made anew, and is read again from this offset. */
  readonly onTruncated: (session: PartitionSession, startOffset: number) => void;
}

/** Partitions that health is to tell of. */
export interface PositionSigns {
  /** Retention will soon delete records of it that are not finished. */
  readonly endangered: readonly PartitionSession[];
  /** Its reader stands still though there are records at its position. */
  readonly stalled: readonly PartitionSession[];
  /** The broker has not answered for it for a while. */
  readonly unanswered: readonly PartitionSession[];
}

const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
/** Whoever was set again and brings nothing for so long stands still: a fetch may be slow. */
const STANDSTILL_MS = 20_000;
/** The same where a client has told of a position that is not in its log, and nothing was read that could be read again. */
const SUSPICION_MS = 5_000;
/** One answer that does not come says little. */
const SILENT_ROUNDS = 2;
/** Unfinished records in the oldest of so many parts of a log that is being deleted are in danger. */
const NEAR = 8;

/**
 * Finds positions that are not in their log any more: of the head's reader, and cursors. The client reports such an error
 * without naming the partition, and swallows it where it arrives behind records, so positions that do not move are
 * compared with the ends of their log now and then. A loss is reported, never passed over in silence. Partitions
 * that have records and are not read are remembered: something in them cannot be read.
 *
 * A log that was cut may have grown past a position again before anybody looks. So a position that is in its log, and
 * may be the one that the client could not use, is not only set again: the newest record that was read is read again,
 * and where it is not the same one, so is the whole log.
 */
export class PositionWatch {
  readonly #clock: Clock;
  readonly #consumer: GroupConsumer;
  readonly #parts: PositionWatchParts;
  readonly #lastSeen = new WeakMap<PartitionSession, number>();
  readonly #stalled = new Map<PartitionSession, number>();
  readonly #endangered = new Set<PartitionSession>();
  /** How often in a row the broker did not answer for a partition. */
  readonly #unanswered = new WeakMap<PartitionSession, number>();
  /** When partitions that stood still were set again where they stood. */
  readonly #setAgainAtMs = new WeakMap<PartitionSession, number>();
  /** Partitions of which one may not be read on, and of which no record was read that could be compared. */
  readonly #suspects = new WeakSet<PartitionSession>();
  #timer: Timer | undefined;
  #retry: Timer | undefined;
  #checking = false;

  constructor(clock: Clock, consumer: GroupConsumer, parts: PositionWatchParts) {
    this.#clock = clock;
    this.#consumer = consumer;
    this.#parts = parts;
  }

  /** What it has found of the partitions that are read now. */
  get signs(): PositionSigns {
    return {
      endangered: [...this.#endangered].filter(({ state }) => state === 'active'),
      stalled: [...this.#stalled].filter(([session, at]) => isStill(session, at)).map(([session]) => session),
      unanswered: [...this.#parts.sessions()].filter(
        (session) => (this.#unanswered.get(session) ?? 0) >= SILENT_ROUNDS,
      ),
    };
  }

  start(): void {
    this.#timer = this.#clock.setTimer(INTERVAL_MS, () => {
      void this.#check(false);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#retry?.cancel();
  }

  /** Something cannot be read, and nobody says what: looks for positions that stand still. */
  look(): void {
    void this.#check(false);
  }

  /**
   * A position is not in its log, and nobody says which: compares every one now, and until each was compared.
   * The client reads on from none of them by itself, also where the log has grown past it meanwhile, so those
   * that are in their range are set again.
   */
  checkNow(): void {
    void this.#check(true).then((complete) => {
      if (!complete)
        this.#retry = this.#clock.setTimer(RETRY_MS, () => {
          this.checkNow();
        });
    });
  }

  /** What was read of a log is not in it any more: it was cut, and something else may stand at offsets that were read. */
  rewritten(session: PartitionSession, startOffset: number): void {
    const { topic, partition, position, ledger } = session;
    const readTo = Math.max(position, ledger.head);
    const fromOffset = Math.min(ledger.watermark, readTo - 1);
    this.#parts.onLoss({ topic, partition, fromOffset, toOffset: readTo });
    this.#parts.onTruncated(session, startOffset);
  }

  /**
   * @param setAgain - sets also the positions that are in their range again
   * @returns whether every suspicious position was compared
   */
  async #check(setAgain: boolean): Promise<boolean> {
    if (this.#checking) return false;
    this.#checking = true;
    let complete = true;
    for (const session of [...this.#parts.sessions()]) {
      const isStanding = this.#lastSeen.get(session) === session.position;
      this.#lastSeen.set(session, session.position);
      if (session.state !== 'active' || session.moveTo !== undefined) continue;
      const { head, watermark } = session.ledger;
      if (!setAgain && !isStanding && watermark === head) {
        this.#endangered.delete(session);
        this.#unanswered.delete(session); // what is read is answered
        continue;
      }
      try {
        await this.#compare(session, setAgain, isStanding);
        this.#unanswered.delete(session);
      } catch {
        complete = false; // the broker did not answer; the next round asks again
        this.#unanswered.set(session, (this.#unanswered.get(session) ?? 0) + 1);
      }
    }
    for (const [session, at] of this.#stalled) if (!isStill(session, at)) this.#stalled.delete(session);
    this.#checking = false;
    return complete;
  }

  async #compare(session: PartitionSession, setAgain: boolean, isStanding: boolean): Promise<void> {
    const at = session.position;
    const range = await this.#consumer.logRange(session, TIMEOUT_MS);
    if (session.state !== 'active') return;
    session.endOffset = range.highOffset;
    this.#compareCursors(session, range);
    this.#lookAtRetention(session, range);
    if (session.position !== at) return; // a position that moves is in its log
    const { lowOffset, highOffset } = range;
    // Whoever recovers stands below what was read before, and so does who reads a record again to compare it.
    const readTo = Math.max(at, session.ledger.head);
    const from = session.check === undefined ? at : readTo;
    if (readTo > highOffset) {
      // What runs is forgotten too, and what of it retention has taken does not come again.
      const { watermark } = session.ledger;
      if (watermark < lowOffset) this.#report(session, watermark, range);
      this.#report(session, readTo, range);
      this.#parts.onTruncated(session, lowOffset);
    } else if (from < lowOffset) {
      this.#report(session, from, range);
      session.ledger.passTo(lowOffset);
      move(session, lowOffset, undefined);
    } else if (!this.#suspects.has(session)) {
      const mayBeStuck = isStanding && at < highOffset && !session.isPaused;
      const nowMs = this.#clock.monotonicMs();
      const setAtMs = this.#setAgainAtMs.get(session);
      // An error takes the news of an end with it: a move has the client tell it again.
      if (setAgain || (mayBeStuck && setAtMs === undefined)) this.#setAgain(session, from, range, setAgain);
      else if (mayBeStuck && nowMs - (setAtMs ?? nowMs) >= STANDSTILL_MS) this.#standsStill(session, at, highOffset);
      if (!mayBeStuck) this.#setAgainAtMs.delete(session);
      else if (setAtMs === undefined) this.#setAgainAtMs.set(session, nowMs);
    }
  }

  /** Has a partition read on from where it stands, once it is known that its log is still the one that was read. */
  #setAgain(session: PartitionSession, from: number, { lowOffset, highOffset }: LogRange, isTold: boolean): void {
    const { newestRead: newest, ledger } = session;
    const readTo = Math.max(from, ledger.head);
    if (readTo <= lowOffset) {
      move(session, from, undefined); // nothing that was read is left
    } else if (newest === undefined) {
      if (isTold && from < highOffset && !session.isPaused) void this.#suspect(session, from);
      else move(session, from, undefined);
    } else {
      const check = new SameLogCheck(newest, readTo, lowOffset);
      move(session, check.startOffset, check);
    }
  }

  /**
   * Nothing of it was read that could be compared. To set it again would hide whether it is the one that the client cannot
   * read on; left alone, the one stands still before records, and the others go on.
   */
  async #suspect(session: PartitionSession, position: number): Promise<void> {
    this.#suspects.add(session);
    let range: LogRange | undefined;
    while (range === undefined && isStill(session, position)) {
      await delay(this.#clock, SUSPICION_MS);
      range = await this.#consumer.logRange(session, TIMEOUT_MS).catch(() => undefined);
    }
    this.#suspects.delete(session);
    if (range === undefined || !isStill(session, position) || session.moveTo !== undefined) return;
    const hasRecords = position > range.lowOffset && position < range.highOffset;
    if (hasRecords && !session.isPaused) this.rewritten(session, range.lowOffset);
    else move(session, position, undefined);
  }

  /** Its reader has been set again, and still brings nothing. */
  #standsStill(session: PartitionSession, from: number, highOffset: number): void {
    const until = this.#parts.givenUpUntil(session, from);
    if (until === undefined) {
      this.#stalled.set(session, from);
      return;
    }
    const toOffset = Math.min(until, highOffset);
    this.#parts.onLoss({ topic: session.topic, partition: session.partition, fromOffset: from, toOffset });
    session.ledger.passTo(toOffset);
    move(session, toOffset, undefined);
  }

  /** Retention has come to parked tenants' records. */
  #compareCursors(session: PartitionSession, range: LogRange): void {
    const lowest = session.ledger.cursors.lowest();
    if (lowest === undefined || lowest >= range.lowOffset) return;
    this.#report(session, lowest, range);
    session.ledger.cursors.raiseTo(range.lowOffset);
    session.ledger.cursors.releaseFrom(session.ledger.head);
  }

  /** A log that is being deleted from its beginning, with unfinished records close to it. */
  #lookAtRetention(session: PartitionSession, { lowOffset, highOffset }: LogRange): void {
    const { topic, partition, ledger } = session;
    const offset = ledger.watermark;
    const isNear = lowOffset > 0 && offset < ledger.head && (offset - lowOffset) * NEAR < highOffset - lowOffset;
    if (!isNear) this.#endangered.delete(session);
    else if (!this.#endangered.has(session)) {
      this.#endangered.add(session);
      this.#parts.onRetentionNear({ topic, partition, offset, lowOffset });
    }
  }

  #report({ topic, partition }: PartitionSession, from: number, range: LogRange): void {
    this.#parts.onLoss({ topic, partition, ...lostRange(from, range) });
  }
}

function move(session: PartitionSession, offset: number, check: SameLogCheck | undefined): void {
  session.moveTo = offset;
  session.check = check;
}

function isStill(session: PartitionSession, at: number): boolean {
  return session.state === 'active' && session.position === at;
}
