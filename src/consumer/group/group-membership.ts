import { delay, type Clock } from '../../core/clock.js';
import type { GroupConsumer, TopicPartition } from '../../transport/port.js';
import type { Committer } from './committer.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { placeName } from './places.js';
import { openSessions, type StartParts } from './start-position.js';
import { within } from '../../core/within.js';

type Change =
  | { readonly kind: 'assigned' | 'delayed'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'revoked'; readonly partitions: readonly TopicPartition[]; readonly lost: boolean };

/** What membership stands on. */
export interface MembershipParts extends StartParts {
  readonly clock: Clock;
  readonly consumer: GroupConsumer;
  readonly committer: () => Committer;
  /** How long a revocation waits for running handlers. */
  readonly drainMs: number;
  /** Records of these sessions that do not run are forgotten. */
  readonly dropQueued: (sessions: ReadonlySet<PartitionSession>) => void;
  readonly onChanged: () => void;
  /** What has to be known before any partition is opened; an answer of false means that it is not known in time. */
  readonly isReady: () => Promise<boolean>;
  /** Whether this member knows all about tenants that a partition's last owner knew. */
  readonly isAsFarAs: (session: PartitionSession) => Promise<boolean>;
  /** A partition is ours; nothing of it was read yet. Called before its start is committed, and again before it is read. */
  readonly onOpened: (session: PartitionSession) => void;
}

/** What a drain left undone. */
export interface Drained {
  /** Handlers that had not ended. */
  readonly unfinished: number;
  /** Partitions whose last progress the broker has not acknowledged. */
  readonly uncommitted: number;
}

const RETRY_MS = 1_000;
const DRAIN_POLL_MS = 10;
/** What a last commit may take even where the time is over. */
const MIN_COMMIT_MS = 1_000;
/** How long before the end of a drain handlers are told to end. */
const MAX_SETTLE_MS = 2_000;
/** Who leaves while its group is balanced anew leaves its partitions without an owner; it waits so long at most. */
const MAX_REJOIN_MS = 5_000;

/**
 * The partitions that are ours. Assignments and revocations are answered one after the other, each when it
 * is done: an assignment once the group's progress is read, a revocation once running handlers have ended
 * and what they finished is committed. A partition whose progress cannot be read now follows later; it holds up none
 * of the others.
 */
export class GroupMembership {
  readonly #parts: MembershipParts;
  readonly #sessions = new Map<string, PartitionSession>();
  readonly #changes: Change[] = [];
  /** Ours, and not open yet. A place that was given again is another object. */
  readonly #delayed = new Map<string, TopicPartition>();
  /** Sessions whose start is being committed. */
  #opening: readonly PartitionSession[] = [];
  readonly #closing = new AbortController();
  #closeByMs = Number.POSITIVE_INFINITY;
  #working: Promise<void> | undefined;
  /** Whether the group has told what is ours since we joined it; what is lost is joined for again. */
  #isTold = false;
  /** Sessions whose revocation is being answered. */
  #revoking: ReadonlySet<PartitionSession> = new Set();

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** Whether the last drain has begun. */
  get #isEnding(): boolean {
    return Number.isFinite(this.#closeByMs);
  }

  get sessions(): IterableIterator<PartitionSession> {
    return this.#sessions.values();
  }

  /** Ours, and not read yet because the broker cannot be asked about them. */
  get delayed(): readonly TopicPartition[] {
    return [...this.#delayed.values()];
  }

  /** Whether the group has told which partitions are ours; it may be none. Not while a member that was shut out joins again. */
  get isAssigned(): boolean {
    return this.#isTold;
  }

  /** Whether every change of the group so far is answered. */
  get isQuiet(): boolean {
    return this.#working === undefined;
  }

  /** Whether the group has given us partitions, and all of them are read. */
  get isSettled(): boolean {
    return this.#isTold && this.isQuiet && this.#delayed.size === 0;
  }

  session(place: TopicPartition): PartitionSession | undefined {
    return this.#sessions.get(placeName(place));
  }

  assigned(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) this.#isTold = true;
    else this.#enqueue({ kind: 'assigned', partitions });
  }

  revoked(partitions: readonly TopicPartition[], lost: boolean): void {
    for (const place of partitions) {
      this.#delayed.delete(placeName(place));
      // Another member's at once, also where an earlier change is still being answered: nothing of it is committed any more.
      if (lost) this.session(place)?.close();
    }
    if (lost) this.#isTold = false;
    this.#enqueue({ kind: 'revoked', partitions, lost });
  }

  /** A log ends before the position of a partition: what was read and is not finished is gone, and offsets come again. */
  restart(session: PartitionSession, startOffset: number): void {
    session.drain();
    this.#parts.dropQueued(new Set([session]));
    session.close();
    this.#sessions.set(placeName(session), session.startingAgainAt(startOffset));
  }

  /**
   * Drains and commits everything, for the end. Changes of the group that are not answered by then are left
   * to the client, which answers them when it leaves.
   */
  async drainAll(drainMs: number): Promise<Drained> {
    const { clock, consumer, committer } = this.#parts;
    const startMs = clock.monotonicMs();
    this.#closeByMs = startMs + drainMs;
    // From now on nothing starts, also while a change of the group is being answered.
    this.#stopTaking([...this.#sessions.values()]);
    const rejoinByMs = startMs + Math.min(MAX_REJOIN_MS, drainMs / 2);
    while (consumer.isRejoining && clock.monotonicMs() < rejoinByMs) await delay(clock, DRAIN_POLL_MS);
    this.#closing.abort();
    const leftMs = (): number => Math.max(0, this.#closeByMs - clock.monotonicMs());
    const revoking = this.#revoking;
    const staying = [...this.#sessions.values()].filter((session) => !revoking.has(session));
    // An assignment need not be answered any more; a revocation is, as far as it can be, while the others are drained.
    const [drained] = await Promise.all([
      this.#drain(staying, leftMs(), false),
      revoking.size > 0 ? within(clock, leftMs(), Promise.resolve(this.#working)) : undefined,
      // A start that was sent is answered while answers still come, or it would be told as a failure.
      ...this.#opening.map((session) => committer().answered(session, MIN_COMMIT_MS)),
    ]);
    const left = [...this.#sessions.values()].filter((session) => !staying.includes(session));
    const rest = await this.#drain(left, leftMs(), false);
    this.#sessions.clear();
    for (const session of this.#opening) session.close();
    return {
      unfinished: drained.unfinished + rest.unfinished,
      uncommitted: drained.uncommitted + rest.uncommitted,
    };
  }

  #enqueue(change: Change): void {
    this.#changes.push(change);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    for (let change = this.#changes.shift(); change !== undefined; change = this.#changes.shift()) {
      if (change.kind === 'revoked') await this.#revoke(change.partitions, change.lost);
      else if (change.kind === 'assigned') await this.#assign(change.partitions);
      else await this.#assignDelayed(change.partitions);
    }
    this.#working = undefined;
    this.#parts.onChanged();
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { consumer, telemetry } = this.#parts;
    const { opened, failed, reason } = await this.#open(partitions);
    if (this.#closing.signal.aborted) return;
    for (const session of opened) {
      this.#delayed.delete(placeName(session));
      this.#sessions.set(placeName(session), session);
      // Once more: what the group was told while the start was committed has not reached it.
      this.#parts.onOpened(session);
      // What was lost meanwhile is another's, who may have begun already.
      if (this.#isEnding || this.#isLeaving(session)) session.drain();
    }
    consumer.assign(
      opened.map((session) => ({
        topic: session.topic,
        partition: session.partition,
        offset: session.position,
        leaderEpoch: session.leaderEpoch,
      })),
    );
    this.#isTold = true;
    if (opened.length > 0) telemetry.log('assigned', { partitions: opened.length });
    const delayed = failed.filter((place) => !this.#isLeaving(place));
    if (delayed.length > 0) this.#delay(delayed, reason);
  }

  /** Whether a revocation of a partition waits to be answered. */
  #isLeaving({ topic, partition }: TopicPartition): boolean {
    return this.#changes.some(
      (change) =>
        change.kind === 'revoked' &&
        change.partitions.some((place) => place.topic === topic && place.partition === partition),
    );
  }

  /** Opens sessions; a start that was resolved now is committed before anything is read, or a restart could resolve another. */
  async #open(
    partitions: readonly TopicPartition[],
  ): Promise<{ opened: PartitionSession[]; failed: TopicPartition[]; reason: string }> {
    const committer = this.#parts.committer();
    if (!(await this.#parts.isReady())) {
      return { opened: [], failed: [...partitions], reason: 'the control topic is not read yet' };
    }
    // What is about to go may be another's already: a start that is committed then could undo the other's progress.
    const staying = partitions.filter((place) => !this.#isLeaving(place));
    const found = await openSessions(staying, this.#parts);
    const failed = [...found.failed];
    let { reason } = found;
    const sessions: PartitionSession[] = [];
    for (const session of found.sessions) {
      if (await this.#parts.isAsFarAs(session).catch(() => false)) {
        if (!this.#isLeaving(session)) sessions.push(session);
      } else {
        failed.push({ topic: session.topic, partition: session.partition });
        reason = 'the control topic is not read as far as its last owner had read it';
      }
    }
    for (const session of sessions) this.#parts.onOpened(session);
    if (this.#closing.signal.aborted) return { opened: [], failed: [], reason };
    this.#opening = sessions;
    const isStarted = await Promise.all(
      sessions.map(async (session) =>
        session.committedOffset === undefined ? committer.commitFinally(session, MIN_COMMIT_MS) : true,
      ),
    );
    const opened = sessions.filter((_, index) => isStarted[index]);
    const uncommitted = sessions.filter((_, index) => !isStarted[index]);
    for (const session of uncommitted) session.close();
    return {
      opened,
      failed: [...failed, ...uncommitted.map(({ topic, partition }) => ({ topic, partition }))],
      reason: failed.length > 0 ? reason : 'the start is not committed',
    };
  }

  /** Tries again in a while, unless they have gone by then. */
  #delay(partitions: readonly TopicPartition[], reason: string): void {
    const { clock, telemetry } = this.#parts;
    telemetry.log('assignmentDelayed', { partitions: partitions.length, reason });
    for (const place of partitions) this.#delayed.set(placeName(place), place);
    clock.setTimer(RETRY_MS, () => {
      if (!this.#closing.signal.aborted) this.#enqueue({ kind: 'delayed', partitions });
    });
  }

  async #assignDelayed(partitions: readonly TopicPartition[]): Promise<void> {
    const still = partitions.filter((place) => this.#delayed.get(placeName(place)) === place);
    if (still.length > 0) await this.#assign(still);
  }

  async #revoke(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const { consumer, telemetry, drainMs } = this.#parts;
    const sessions = partitions.map((place) => this.session(place)).filter((session) => session !== undefined);
    this.#revoking = new Set(sessions);
    const { unfinished } = await this.#drain(sessions, lost ? 0 : drainMs, lost);
    this.#revoking = new Set();
    for (const session of sessions) this.#sessions.delete(placeName(session));
    consumer.unassign(partitions);
    telemetry.log('revoked', { partitions: partitions.length, lost, unfinished });
  }

  #stopTaking(sessions: readonly PartitionSession[]): void {
    for (const session of sessions) session.drain();
    this.#parts.dropQueued(new Set(sessions));
  }

  async #drain(sessions: readonly PartitionSession[], drainMs: number, lost: boolean): Promise<Drained> {
    const { clock, committer } = this.#parts;
    this.#stopTaking(sessions);
    const startMs = clock.monotonicMs();
    // A stop may cut the drain of a revocation short.
    const deadlineMs = (): number => Math.min(startMs + drainMs, this.#closeByMs);
    const running = (): number => sessions.reduce((sum, session) => sum + session.running.size, 0);
    const settleMs = Math.min(MAX_SETTLE_MS, drainMs / 5);
    while (running() > 0 && clock.monotonicMs() < deadlineMs()) {
      if (clock.monotonicMs() >= deadlineMs() - settleMs) for (const session of sessions) session.abortRunning();
      await delay(clock, DRAIN_POLL_MS);
    }
    const unfinished = running();
    let uncommitted = 0;
    if (!lost) {
      const commitMs = Math.max(MIN_COMMIT_MS, deadlineMs() - clock.monotonicMs());
      const committed = await Promise.all(sessions.map((session) => committer().commitFinally(session, commitMs)));
      uncommitted = committed.filter((done) => !done).length;
    }
    for (const session of sessions) session.close();
    return { unfinished, uncommitted };
  }
}
