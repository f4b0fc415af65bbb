import type { CommitRequest, CommitResult, TopicPartition } from '../../transport/port.js';
import { encodeMetadata, MAX_METADATA_CHARACTERS, type RecordedNotes } from './commit-metadata.js';
import { PartitionLedger } from './ledger.js';
import type { RecordMark, SameLogCheck } from './same-log-check.js';
import { STREAM_GAP } from './stream-gap.js';

/** `active`: records are taken and committed. `draining`: running ones finish, nothing new begins. `closed`: nothing of it counts any more. */
export type SessionState = 'active' | 'draining' | 'closed';

/** Something under way for a partition that can be told to end. */
export interface Abortable {
  abort(): void;
}

const CROWDED_FILL = 0.75;
/** Where a broker takes less than this, to spare room in it would cost more than the records that a crash repeats. */
const LEAST_TO_SPARE = 256;

interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** What a topic is to a group. */
export interface TopicRole {
  readonly logicalTopic: string;
  /** It holds the group's own dead letters: nothing of it is handled unless a redrive says so. */
  readonly isDeadLetters: boolean;
}

/** One partition while it is assigned to this consumer: its ledger, and what is committed of it. */
export class PartitionSession implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly logicalTopic: string;
  readonly isDeadLetters: boolean;
  readonly ledger: PartitionLedger;
  /** Records of it that run now. */
  readonly running = new Set<Abortable>();
  /** The offset that the head's reader comes to next. */
  position: number;
  /** Whether the head's reader rests on purpose. */
  isPaused = false;
  /** Where its log ended when the broker was asked last. */
  endOffset = 0;
  /** Where the head's reader has to be moved to before anything it brings counts; undefined where it is right. */
  moveTo: number | undefined;
  /** Asks what is read from there whether the log is the one that was read before; undefined where nobody doubts it. */
  check: SameLogCheck | undefined;
  readonly #log: Buffer;
  #state: SessionState = 'active';
  #aborted = false;
  #leaderEpoch: number | undefined;
  #newestRead: RecordMark | undefined;
  #committed: Committed | undefined;
  #maxMetadataCharacters = MAX_METADATA_CHARACTERS;
  #commitInFlight = false;
  #failedCommits = 0;
  #isCrowded = false;
  #notes: RecordedNotes;
  /** The head that the last metadata could record; the records beyond it would be delivered again. */
  #recordedHead: number;

  constructor(
    place: TopicPartition,
    role: TopicRole,
    ledger: PartitionLedger,
    log: Buffer,
    committed: (Committed & { readonly leaderEpoch: number | undefined }) | undefined,
    notes: RecordedNotes = {},
  ) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.logicalTopic = role.logicalTopic;
    this.isDeadLetters = role.isDeadLetters;
    this.ledger = ledger;
    this.#log = log;
    this.#committed = committed;
    this.#leaderEpoch = committed?.leaderEpoch;
    this.#recordedHead = ledger.head;
    this.position = ledger.nextToRead;
    this.#notes = notes;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Leader epoch of the newest record or commit seen. */
  get leaderEpoch(): number | undefined {
    return this.#leaderEpoch;
  }

  /** The acknowledged watermark, or undefined where nothing is committed yet. */
  get committedOffset(): number | undefined {
    return this.#committed?.offset;
  }

  /** Commits in a row that were refused. */
  get failedCommits(): number {
    return this.#failedCommits;
  }

  /** How many records beyond what metadata can record were read. */
  get unrecordable(): number {
    return this.ledger.head - this.#recordedHead;
  }

  /** Whether commit metadata is so full that records should be taken in order, as far as that goes. */
  get isCrowded(): boolean {
    return this.#isCrowded;
  }

  /** Where the head's reader should be instead of where it is; undefined where it is right. */
  get wantedPosition(): number | undefined {
    if (this.moveTo !== undefined) return this.moveTo;
    if (this.check !== undefined) return undefined;
    const next = this.ledger.nextToRead;
    return next > this.position + STREAM_GAP ? next : undefined;
  }

  /** Whether what ran was told to end: what fails from then on says nothing about the record. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Up to which offset the group's control topic is obeyed here; undefined where that was never told. */
  get controlOffset(): number | undefined {
    return this.#notes.controlOffset;
  }

  /** All of the control topic below this offset is obeyed here, and the next commit says so. */
  obeyed(controlOffset: number): void {
    // What a predecessor has obeyed does not come again because this member reads more slowly.
    if (controlOffset > (this.controlOffset ?? -1)) this.#notes = { ...this.#notes, controlOffset };
  }

  /** The control topic was made anew: what was obeyed of the one before says nothing. */
  forgetControl(): void {
    this.#notes = { ...this.#notes, controlOffset: undefined };
  }

  /** The newest record that the head's reader has brought; undefined where it has brought none from the head. */
  get newestRead(): RecordMark | undefined {
    return this.#newestRead;
  }

  /** The head's reader has brought a record. */
  see({ offset, leaderEpoch, timestampMs }: RecordMark): void {
    this.position = offset + 1;
    if (leaderEpoch !== undefined) this.#leaderEpoch = leaderEpoch;
    if (offset >= this.ledger.head) this.#newestRead = { offset, leaderEpoch, timestampMs };
  }

  drain(): void {
    if (this.#state === 'active') this.#state = 'draining';
  }

  close(): void {
    this.#state = 'closed';
    this.abortRunning();
  }

  abortRunning(): void {
    this.#aborted = true;
    for (const run of this.running) run.abort();
  }

  /** The same partition anew, where its log ends at `offset` again. */
  startingAgainAt(offset: number): PartitionSession {
    // Nothing counts as committed: the broker may have taken a commit since the last one that it has answered.
    const again = new PartitionSession(this, this, new PartitionLedger(offset), this.#log, undefined, this.#notes);
    again.moveTo = offset;
    return again;
  }

  /** What there is to commit now; undefined where nothing changed or a commit is under way. */
  beginCommit(): CommitRequest | undefined {
    if (this.#state === 'closed' || this.#commitInFlight) return undefined;
    const progress = this.ledger.progress();
    const limit = this.#maxMetadataCharacters;
    const notes = { ...this.#notes, ...this.ledger.notes() };
    const { text, recordedHead, fill } = encodeMetadata(progress, this.#log, limit, notes);
    this.#recordedHead = recordedHead;
    this.#isCrowded = fill >= CROWDED_FILL && limit >= LEAST_TO_SPARE;
    const isCommitted = this.#committed?.offset === progress.watermark && this.#committed.metadata === text;
    // The broker may have taken what it has not answered: it has to be told again also what it was told before that.
    if (isCommitted && this.#failedCommits === 0) return undefined;
    this.#commitInFlight = true;
    return {
      topic: this.topic,
      partition: this.partition,
      offset: progress.watermark,
      metadata: text,
      leaderEpoch: this.#leaderEpoch,
    };
  }

  /** @returns whether it is worth trying again at once: the metadata was too large and will be smaller */
  endCommit(request: CommitRequest, result: CommitResult): boolean {
    this.#commitInFlight = false;
    if (result.ok) {
      this.#committed = { offset: request.offset, metadata: request.metadata };
      this.#failedCommits = 0;
      return false;
    }
    if (result.metadataTooLarge && this.#maxMetadataCharacters > 0) {
      this.#maxMetadataCharacters = this.#maxMetadataCharacters > 32 ? Math.floor(this.#maxMetadataCharacters / 2) : 0;
      return true;
    }
    this.#failedCommits += 1;
    return false;
  }
}
