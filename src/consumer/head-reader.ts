import type { Clock } from '../core/clock.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { GroupConsumer, TopicPartition } from '../transport/port.js';
import { ChunkSize } from './chunk-size.js';
import type { Committer } from './committer.js';
import type { GroupMembership } from './group-membership.js';
import type { IntakeBudget } from './intake-budget.js';
import type { PartitionSession } from './partition-session.js';
import { MAX_REDELIVERY, ReadingPauses } from './reading-pauses.js';
import { Rest } from './rest.js';

/** What the head's reader stands on. */
export interface HeadReaderParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly consumer: GroupConsumer;
  readonly membership: GroupMembership;
  readonly committer: Committer;
  readonly budget: IntakeBudget;
  readonly receive: (session: PartitionSession, record: ReceivedRecord) => void;
  /** Something may start: a poll has brought records, or the answer to a commit. */
  readonly onPolled: () => void;
}

const IDLE_POLL_MS = 100;
/** Polling may rest this long while the budget is full, before reading is paused and polling goes on. */
const FULL_BEFORE_PAUSE_MS = 300;
const PAUSED_POLL_MS = 100;

/**
 * The first reader: polls the group's client, and keeps the heads of all partitions moving. It stops only where
 * memory for all tenants is full, or where a crash would deliver too much again; polling goes on also then.
 */
export class HeadReader {
  readonly #parts: HeadReaderParts;
  readonly #pauses: ReadingPauses;
  readonly #chunk = new ChunkSize();
  #ends: (TopicPartition & { readonly offset: number })[] = [];
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
    while (this.#isRunning) {
      if (budget.full) {
        this.#isWaiting = true;
        await this.#waitForRoom();
        this.#isWaiting = false;
      }
      await this.#moveReaders();
      const wanted = Math.min(this.#chunk.records, budget.roomForRecords);
      const records = await this.#poll(wanted);
      this.#isBehind = records.length >= wanted;
      this.#chunk.adapt(records);
      this.#pauses.reconcile(membership.sessions, false);
      if (records.length === 0) await this.#rest.take(IDLE_POLL_MS);
    }
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
      await this.#poll(1);
      await this.#rest.take(PAUSED_POLL_MS);
    }
    this.#pauses.reconcile(membership.sessions, false);
  }

  async #poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    const { clock, consumer, membership, receive, onPolled } = this.#parts;
    this.#ends = [];
    const records = await consumer.poll(maxRecords);
    this.#lastPollMs = clock.monotonicMs();
    for (const record of records) {
      const session = membership.session(record);
      // Of a partition that is not ours any more: the next owner reads it. Or from before a move: it comes again.
      if (session?.state !== 'active' || session.moveTo !== undefined) continue;
      receive(session, record);
    }
    this.#applyEnds();
    for (const session of membership.sessions) {
      if (session.unrecordable * 2 > MAX_REDELIVERY) this.#parts.committer.commit(session);
    }
    // Also after an empty poll: something may have waited for a poll, or for a commit.
    onPolled();
    return records;
  }

  #applyEnds(): void {
    for (const end of this.#ends) {
      const session = this.#parts.membership.session(end);
      if (session?.state !== 'active' || session.moveTo !== undefined) continue;
      session.ledger.passTo(end.offset);
      session.position = Math.max(session.position, end.offset);
    }
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
