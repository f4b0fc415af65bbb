import { delay, type Clock } from '../../core/clock.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { LogRange, PartitionReader, ReaderListener, TopicPartition } from '../../transport/port.js';
import { ChunkSize } from './chunk-size.js';
import { CursorRun } from './cursor-run.js';
import { RenewedReader } from './renewed-reader.js';
import { heldBytes } from '../handling/delivery.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { ownerOf, type Owner } from '../ledger/record-owner.js';
import { Rest } from '../../core/rest.js';
import type { Loss } from '../group/start-position.js';
import { STREAM_GAP } from '../ledger/stream-gap.js';
import type { TenantCursor } from '../ledger/tenant-cursors.js';
import { within } from '../../core/within.js';

/** What the second reader stands on, and tells. */
export interface CatchUpParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Makes a client: the first once somebody is parked, another where one has died. */
  readonly createReader: () => PartitionReader;
  readonly sessions: () => Iterable<PartitionSession>;
  /** @returns false where the record's owner has no room for it now */
  readonly receive: (session: PartitionSession, run: CursorRun, record: ReceivedRecord) => boolean;
  /** Whether it is worth reading for an owner that is parked. */
  readonly isRelaxed: (session: PartitionSession, owner: Owner) => boolean;
  /** Whether records may be taken at all now. */
  readonly mayRead: () => boolean;
  /** Whether the head has more to read: isolation is as good as the head is quick. */
  readonly isHeadBehind: () => boolean;
  /** Whether handlers could run for which there are no records. */
  readonly hasSpareSlots: () => boolean;
  /** Records were taken: handlers may start. */
  readonly onTaken: () => void;
  /** Some position is not in its log, and nobody says which. */
  readonly onOutOfRange: () => void;
  /** Where reading goes on for a run that stands still at an offset that was given up; undefined where it was not. */
  readonly givenUpUntil: (place: TopicPartition, offset: number) => number | undefined;
  readonly onLoss: (loss: Loss) => void;
  /** Fails where the broker does not answer. */
  readonly logRange: (place: TopicPartition) => Promise<LogRange>;
}

/** A run of one partition, with what it has read and has not got rid of. */
interface ActiveRun {
  readonly run: CursorRun;
  readonly rest: ReceivedRecord[];
  /** Where the log ends, once it has been read to there. */
  endOffset: number | undefined;
  /** When it last got on. */
  movedAtMs: number;
}

const CHUNK_RECORDS = 100;
/** Records that one run reads, at most, while others wait for a run over the same partition. */
const SLICE_RECORDS = 1_000;
/** What a waiting run keeps of other runs' polls before it gives up its place. */
const MAX_REST_RECORDS = 500;
const MAX_REST_BYTES = 4_194_304;
const IDLE_MS = 100;
/** While the head is behind, one turn in so many: parked tenants go on, slowly, however long it takes. */
const TURNS_FOR_THE_HEAD = 8;
/** The same while handlers have nothing to do that parked tenants have work for. */
const TURNS_WITH_SPARE_SLOTS = 2;
const TURN_MS = 5;
const RETRY_MS = 1_000;
const STANDSTILL_MS = 10_000;

/**
 * The second reader: reads for parked tenants what the head has passed over, from their cursors towards the head. One
 * run a partition at a time; runs take turns over the cursors, so that no parked tenant waits for another: whoever
 * has no room when its record comes is left behind, with its cursor, while the run serves the rest.
 */
export class CatchUpReader {
  readonly #parts: CatchUpParts;
  readonly #runs = new Map<PartitionSession, ActiveRun>();
  readonly #chunk = new ChunkSize();
  readonly #reader: RenewedReader;
  #ends: (TopicPartition & { readonly offset: number })[] = [];
  #turn = 0;
  #isRunning = false;
  #loop: Promise<void> | undefined;
  readonly #rest: Rest;
  #mustBeginAnew = false;
  /** Where the last run of a partition stood still. */
  readonly #stoodAt = new WeakMap<PartitionSession, number>();
  /** Runs that have ended and took nothing: the next one would do no better at once. */
  #endedInVain = 0;
  #scanned = 0;
  #taken = 0;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
    this.#rest = new Rest(parts.clock);
    const { clock, telemetry, createReader, onOutOfRange } = parts;
    const listener: ReaderListener = {
      onReadable: () => this.#rest.end(),
      onEnd: ({ topic, partition }, offset) => {
        this.#ends.push({ topic, partition, offset });
      },
      onError: ({ kind, reason }) => {
        telemetry.log('consumerFault', { kind, reason });
        if (kind !== 'out-of-range') return;
        this.#mustBeginAnew = true;
        onOutOfRange();
      },
    };
    this.#reader = new RenewedReader({ clock, telemetry, createReader, listener });
  }

  /** Why parked tenants cannot be read for at present; undefined where they can. */
  get fault(): string | undefined {
    return this.#reader.fault;
  }

  /** Records read so far, and how many of them were taken: what passing tenants over costs. */
  get counts(): { readonly read: number; readonly taken: number; readonly endedInVain: number } {
    let taken = this.#taken;
    for (const { run } of this.#runs.values()) taken += run.taken;
    return { read: this.#scanned, taken, endedInVain: this.#endedInVain };
  }

  start(): void {
    this.#isRunning = true;
  }

  /** An owner's record is finished: it may have room again. */
  roomFor(owner: Owner): void {
    for (const session of this.#parts.sessions()) {
      const { cursors } = session.ledger;
      if (cursors.size === 0 || cursors.of(owner) === undefined || !this.#parts.isRelaxed(session, owner)) continue;
      this.poke();
      return;
    }
  }

  /** Somebody may be parked, or have room again. */
  poke(): void {
    if (this.#rest.isUnderWay) this.#rest.end();
    else if (this.#isRunning && this.#loop === undefined && this.#hasWork()) this.#loop = this.#read();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#isRunning = false;
    this.#rest.end();
    this.#reader.end();
    if (this.#loop !== undefined) await within(this.#parts.clock, timeoutMs, this.#loop);
    await this.#reader.disconnect(timeoutMs);
  }

  #hasWork(): boolean {
    for (const session of this.#parts.sessions()) if (this.#next(session) !== undefined) return true;
    return false;
  }

  async #read(): Promise<void> {
    let before: PartitionReader | undefined;
    while (this.#isRunning) {
      const reader = await this.#reader.client();
      if (reader === undefined) return;
      // Another client reads nothing of what the one before it was told to read.
      if (reader !== before) this.#endAll(reader);
      before = reader;
      try {
        await this.#step(reader);
      } catch (error) {
        this.#parts.telemetry.log('catchUpFailed', { reason: (error as Error).message });
        this.#endAll(reader);
        await this.#rest.take(RETRY_MS);
      }
    }
  }

  async #step(reader: PartitionReader): Promise<void> {
    const { mayRead, onTaken } = this.#parts;
    this.#turn += 1;
    if (!mayRead()) {
      await this.#rest.take(IDLE_MS);
      // Who is not read does not stand still.
      for (const active of this.#runs.values()) active.movedAtMs = this.#parts.clock.monotonicMs();
      return;
    }
    if (this.#mustBeginAnew) {
      this.#mustBeginAnew = false;
      this.#endAll(reader);
      await this.#rest.take(RETRY_MS);
    }
    await this.#placeRuns(reader);
    if (this.#runs.size === 0 || [...this.#runs.values()].every(({ rest }) => rest.length > 0)) {
      await this.#rest.take(IDLE_MS);
      return;
    }
    const turns = this.#parts.hasSpareSlots() ? TURNS_WITH_SPARE_SLOTS : TURNS_FOR_THE_HEAD;
    if (this.#parts.isHeadBehind() && this.#turn % turns !== 0) {
      await this.#rest.take(TURN_MS);
      return;
    }
    this.#ends = [];
    const before = this.counts;
    const records = await reader.poll(Math.min(CHUNK_RECORDS, this.#chunk.records));
    this.#chunk.adapt(records);
    const ends = this.#ends;
    if (records.length > 0) this.#reader.succeed();
    for (const record of records) this.#runOf(record)?.rest.push(record);
    for (const end of ends) {
      const active = this.#runOf(end);
      if (active !== undefined) active.endOffset = end.offset;
    }
    for (const session of [...this.#runs.keys()]) this.#workOff(session, reader);
    onTaken();
    const after = this.counts;
    const inVain = after.endedInVain > before.endedInVain && after.taken === before.taken;
    if (inVain) await delay(this.#parts.clock, IDLE_MS);
    else if (records.length === 0) await this.#rest.take(IDLE_MS);
  }

  /** Gives every partition with a cursor worth reading for a run, and goes on with those that had to wait. */
  async #placeRuns(reader: PartitionReader): Promise<void> {
    for (const session of [...this.#runs.keys()]) this.#workOff(session, reader);
    for (const session of this.#parts.sessions()) {
      if (this.#runs.has(session)) continue;
      const cursor = this.#next(session);
      if (cursor === undefined) continue;
      const { topic, partition } = session;
      const run = new CursorRun(session.ledger, cursor.offset);
      cursor.servedIn = this.#turn;
      this.#runs.set(session, { run, rest: [], endOffset: undefined, movedAtMs: this.#parts.clock.monotonicMs() });
      await reader.read({ topic, partition, offset: cursor.offset, leaderEpoch: undefined });
    }
  }

  /** The cursor to read for: of those worth it, the one that waits longest. */
  #next(session: PartitionSession): TenantCursor | undefined {
    if (session.state !== 'active' || session.ledger.isRecovering) return undefined;
    let next: TenantCursor | undefined;
    for (const cursor of session.ledger.cursors) {
      if (!this.#isWorthIt(session, cursor)) continue;
      if (next === undefined || cursor.servedIn < next.servedIn) next = cursor;
      else if (cursor.servedIn === next.servedIn && cursor.offset < next.offset) next = cursor;
    }
    return next;
  }

  #isWorthIt(session: PartitionSession, { owner }: TenantCursor): boolean {
    return owner === undefined || this.#parts.isRelaxed(session, owner);
  }

  #runOf({ topic, partition }: TopicPartition): ActiveRun | undefined {
    for (const [session, active] of this.#runs) {
      if (session.topic === topic && session.partition === partition) return active;
    }
    return undefined;
  }

  /** Takes what it can of what a run has read, and ends the run where it is of no more use. */
  #workOff(session: PartitionSession, reader: PartitionReader): void {
    const active = this.#runs.get(session);
    if (active === undefined) return;
    const { run, rest } = active;
    if (session.state !== 'active') {
      this.#end(session, reader);
      return;
    }
    let done = 0;
    for (const record of rest) {
      if (!this.#parts.receive(session, run, record)) {
        if (this.#waitsFor(session, run, rest, done)) break;
        const owner = ownerOf(record.key);
        run.leaveBehind(record.offset, owner);
        const cursor = session.ledger.cursors.of(owner);
        if (cursor !== undefined) cursor.sinceMs = record.timestampMs;
      }
      done += 1;
    }
    rest.splice(0, done);
    this.#scanned += done;
    if (rest.length === 0 && active.endOffset !== undefined) {
      run.passTo(active.endOffset);
      active.endOffset = undefined;
    }
    run.settle(this.#turn);
    const nowMs = this.#parts.clock.monotonicMs();
    if (done > 0 || rest.length > 0) active.movedAtMs = nowMs;
    // The news of the log's end may be lost with an error: a run that gets nothing at all is begun anew.
    const standsStill = nowMs - active.movedAtMs > STANDSTILL_MS;
    if (standsStill) void this.#passOver(session, run.position);
    if (standsStill || this.#isOfNoUse(session, run, rest.length)) this.#end(session, reader);
  }

  /**
   * What cannot be read was given up: the cursors before it go on behind it. Only where a second run has stood still at
   * the same place, and the broker answers: it may only have been away.
   */
  async #passOver(session: PartitionSession, fromOffset: number): Promise<void> {
    const { givenUpUntil, logRange, onLoss } = this.#parts;
    const { topic, partition, ledger } = session;
    const until = givenUpUntil(session, fromOffset);
    const isAgain = this.#stoodAt.get(session) === fromOffset;
    this.#stoodAt.set(session, fromOffset);
    if (until === undefined || !isAgain) return;
    const isAnswered = await logRange({ topic, partition }).then(
      () => true,
      () => false,
    );
    if (!isAnswered || session.state !== 'active') return;
    const toOffset = Math.min(until, ledger.head);
    const before = [...ledger.cursors].filter(({ offset }) => offset >= fromOffset && offset < toOffset);
    if (before.length === 0) return;
    for (const cursor of before) cursor.offset = toOffset;
    ledger.cursors.releaseFrom(ledger.head);
    onLoss({ topic, partition, fromOffset, toOffset });
    this.poke();
  }

  /** Whether a run stays where it is until the next record's owner has room: only where nobody waits for the run. */
  #waitsFor(session: PartitionSession, run: CursorRun, rest: readonly ReceivedRecord[], done: number): boolean {
    const left = rest.length - done;
    if (left > MAX_REST_RECORDS) return false;
    run.settle(this.#turn);
    if (this.#next(session) !== undefined) return false;
    return left <= 1 || bytesFrom(rest, done) <= MAX_REST_BYTES;
  }

  #isOfNoUse(session: PartitionSession, run: CursorRun, restRecords: number): boolean {
    if (run.isAtHead || session.ledger.cursors.size === 0) return true;
    if (restRecords > 0) return false;
    let servesAnybody = false;
    let keepsOthersWaiting = false;
    for (const cursor of session.ledger.cursors) {
      const isOnItsWay = cursor.offset >= run.position && cursor.offset <= run.position + STREAM_GAP;
      if (isOnItsWay) servesAnybody ||= cursor.offset === run.position || this.#isWorthIt(session, cursor);
      else keepsOthersWaiting ||= this.#isWorthIt(session, cursor);
    }
    return !servesAnybody || (keepsOthersWaiting && run.read >= SLICE_RECORDS);
  }

  #endAll(reader: PartitionReader): void {
    for (const session of [...this.#runs.keys()]) this.#end(session, reader);
  }

  #end(session: PartitionSession, reader: PartitionReader): void {
    const active = this.#runs.get(session);
    if (active === undefined) return;
    this.#runs.delete(session);
    this.#taken += active.run.taken;
    if (active.run.taken === 0) this.#endedInVain += 1;
    try {
      reader.leave({ topic: session.topic, partition: session.partition });
    } catch (error) {
      this.#reader.fail((error as Error).message); // only one that has died does not leave
    }
  }
}

function bytesFrom(records: readonly ReceivedRecord[], start: number): number {
  let bytes = 0;
  for (let at = start; at < records.length; at += 1) {
    const record = records[at];
    if (record !== undefined) bytes += heldBytes(record);
  }
  return bytes;
}
