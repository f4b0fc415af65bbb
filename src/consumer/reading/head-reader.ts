import type { Clock } from '../../core/clock.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { GroupConsumer, TopicPartition } from '../../transport/port.js';
import { ChunkSize } from './chunk-size.js';
import type { Committer } from '../group/committer.js';
import type { GroupMembership } from '../group/group-membership.js';
import type { IntakeBudget } from '../handling/intake-budget.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import type { LogVerdict, SameLogCheck } from '../ledger/same-log-check.js';
import { MAX_REDELIVERY, ReadingPauses } from './reading-pauses.js';
import { Rest } from '../../core/rest.js';

/** What the head's reader stands on. */
export interface HeadReaderParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly consumer: GroupConsumer;
  readonly membership: GroupMembership;
  readonly committer: Committer;
  readonly budget: IntakeBudget;
  readonly receive: (session: PartitionSession, record: ReceivedRecord) => void;
  /** The log of a partition is not the one that was read: it was cut and written on. It began at `lowOffset`. */
  readonly onRewritten: (session: PartitionSession, lowOffset: number) => void;
  /** Something may start: a poll has brought records, or the answer to a commit. */
  readonly onPolled: () => void;
}

const IDLE_POLL_MS = 100;
/** Polling may rest this long while the budget is full, before reading is paused and polling goes on. */
const FULL_BEFORE_PAUSE_MS = 300;
const PAUSED_POLL_MS = 100;
/** Records that a predecessor had taken are held whatever their size: so many at most beyond what may be held. */
const RECOVERY_CHUNK_RECORDS = 8;

/** Up to where a partition has been read. */
type End = TopicPartition & { readonly offset: number };

/** What a poll has brought. */
interface Polled {
  readonly records: readonly ReceivedRecord[];
  readonly ends: readonly End[];
  /** Whether it brought as much as it asked for: there is more to read. */
  readonly isFull: boolean;
}

/**
 * The first reader: polls the group's client, and keeps the heads of all partitions moving. It stops only where
 * memory for all tenants is full, or where a crash would deliver too much again; polling goes on also then.
 */
export class HeadReader {
  readonly #parts: HeadReaderParts;
  readonly #pauses: ReadingPauses;
  readonly #chunk = new ChunkSize();
  #ends: End[] = [];
  #lastPollMs = 0;
  #isBehind = false;
  #isWaiting = false;
  #isRunning = false;
  readonly #rest: Rest;
  #loop: Promise<void> | undefined;

  constructor(parts: HeadReaderParts) {
    this.#parts = parts;
    this.#pauses = new ReadingPauses(parts.consumer);
    this.#rest = new Rest(parts.clock);
  }

  /** Milliseconds since the last poll came back. */
  get sincePollMs(): number {
    return this.#parts.clock.monotonicMs() - this.#lastPollMs;
  }

  /** Whether the last poll brought as much as it asked for: there is more to read. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Whether it waits for room: then whatever becomes free is for it. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(onFailure: (error: unknown) => void): void {
    this.#isRunning = true;
    this.#lastPollMs = this.#parts.clock.monotonicMs();
    this.#loop = this.#read().catch(onFailure);
  }

  /** Something may be there to read, or there is room again. */
  poke(): void {
    this.#rest.end();
  }

  /** A partition has been read to this offset, and holds nothing below it that is still to come. */
  endAt(place: TopicPartition, offset: number): void {
    this.#ends.push({ topic: place.topic, partition: place.partition, offset });
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#rest.end();
    await this.#loop;
  }

  async #read(): Promise<void> {
    const { budget, membership } = this.#parts;
    let ahead: Promise<Polled> | undefined;
    while (this.#isRunning || ahead !== undefined) {
      if (ahead === undefined) {
        if (budget.full) {
          this.#isWaiting = true;
          await this.#waitForRoom();
          this.#isWaiting = false;
        }
        await this.#moveReaders();
      }
      const polled = await (ahead ?? this.#beginPoll());
      this.#isBehind = polled.isFull;
      this.#chunk.adapt(polled.records);
      ahead = this.#mayPollAhead(polled) ? this.#beginPoll() : undefined;
      this.#workOff(polled);
      // Nothing is moved, paused or resumed under a poll: what it brings would be from before.
      if (ahead !== undefined) continue;
      this.#pauses.reconcile(membership.sessions, false);
      if (polled.records.length === 0) await this.#rest.take(IDLE_POLL_MS);
    }
  }

  /**
   * Whether the client may fetch from its queue already while a chunk is worked off. Only where there is more to
   * read, room for two chunks, and nothing that has to happen between two polls.
   */
  #mayPollAhead({ isFull }: Polled): boolean {
    const { budget, membership } = this.#parts;
    if (!isFull || !this.#isRunning || !budget.relaxed || !membership.isQuiet || this.#isRecovering) return false;
    for (const session of membership.sessions) {
      if (session.isPaused || session.wantedPosition !== undefined || isNearRedelivery(session)) return false;
    }
    return true;
  }

  /** Waits until half the budget is free, or for a while until any of it is. Polling goes on meanwhile, or the group would take us for dead. */
  async #waitForRoom(): Promise<void> {
    const { clock, budget, membership } = this.#parts;
    const pauseAtMs = clock.monotonicMs() + FULL_BEFORE_PAUSE_MS;
    while (this.#isRunning && !budget.relaxed && clock.monotonicMs() < pauseAtMs) {
      await this.#rest.take(pauseAtMs - clock.monotonicMs());
    }
    // Nobody else takes what is free meanwhile, so this ends with the first record that is finished.
    while (this.#isRunning && budget.full) {
      this.#pauses.reconcile(membership.sessions, true);
      this.#workOff(await this.#poll(1));
      await this.#rest.take(PAUSED_POLL_MS);
    }
    this.#pauses.reconcile(membership.sessions, false);
  }

  #beginPoll(): Promise<Polled> {
    const most = this.#isRecovering ? RECOVERY_CHUNK_RECORDS : this.#chunk.records;
    return this.#poll(Math.min(most, this.#parts.budget.roomForRecords));
  }

  get #isRecovering(): boolean {
    for (const { ledger } of this.#parts.membership.sessions) if (ledger.isRecovering) return true;
    return false;
  }

  async #poll(maxRecords: number): Promise<Polled> {
    const { clock, consumer } = this.#parts;
    const records = await consumer.poll(maxRecords);
    this.#lastPollMs = clock.monotonicMs();
    const ends = this.#ends;
    this.#ends = [];
    return { records, ends, isFull: records.length >= maxRecords };
  }

  #workOff({ records, ends }: Polled): void {
    const { membership, committer, receive, onPolled } = this.#parts;
    for (const record of records) {
      const session = membership.session(record);
      // Of a partition that is not ours any more: the next owner reads it. Or from before a move: it comes again.
      if (session?.state !== 'active' || session.moveTo !== undefined) continue;
      if (this.#isOfSameLog(session, (check) => check.see(record))) receive(session, record);
    }
    for (const end of ends) {
      const session = membership.session(end);
      if (session?.state !== 'active' || session.moveTo !== undefined) continue;
      if (!this.#isOfSameLog(session, (check) => check.seeEnd(end.offset))) continue;
      session.ledger.passTo(end.offset);
      session.position = Math.max(session.position, end.offset);
    }
    for (const session of membership.sessions) {
      if (isNearRedelivery(session)) committer.commit(session);
    }
    // Also after an empty poll: something may have waited for a poll, or for a commit.
    onPolled();
  }

  /** Whether what a partition brings counts: it does not where it shows that the log is another one. */
  #isOfSameLog(session: PartitionSession, ask: (check: SameLogCheck) => LogVerdict): boolean {
    const { check } = session;
    const verdict = check && ask(check);
    if (check !== undefined && verdict !== 'open') session.check = undefined;
    if (check === undefined || verdict !== 'rewritten') return true;
    this.#parts.onRewritten(session, check.lowOffset);
    return false;
  }

  /** Moves those readers that stand at a wrong place. No poll is under way here, so none brings what was before. */
  async #moveReaders(): Promise<void> {
    const { consumer, membership, telemetry } = this.#parts;
    for (const session of membership.sessions) {
      const offset = session.wantedPosition;
      // A move while the group's change is unanswered could answer it.
      if (offset === undefined || session.state !== 'active' || !membership.isQuiet) continue;
      const { topic, partition } = session;
      try {
        await consumer.seek({ topic, partition, offset, leaderEpoch: undefined });
      } catch (error) {
        telemetry.log('seekFailed', { topic, partition, offset, reason: (error as Error).message });
        session.moveTo = offset;
        continue; // the next poll's round tries again
      }
      if (session.moveTo !== undefined && session.moveTo !== offset) continue;
      session.moveTo = undefined;
      session.position = offset;
    }
  }
}

function isNearRedelivery(session: PartitionSession): boolean {
  return session.unrecordable * 2 > MAX_REDELIVERY;
}
