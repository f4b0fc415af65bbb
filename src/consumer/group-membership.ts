import { delay, type Clock } from '../core/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { GroupConsumer, TopicPartition } from '../transport/port.js';
import type { Committer } from './committer.js';
import type { PartitionSession } from './partition-session.js';
import { openSessions, type StartParts } from './start-position.js';
import { within } from './within.js';

type Change =
  | { readonly kind: 'assigned'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'revoked'; readonly partitions: readonly TopicPartition[]; readonly lost: boolean };

/** What membership stands on. */
export interface MembershipParts extends StartParts {
  readonly clock: Clock;
  readonly consumer: GroupConsumer;
  readonly committer: () => Committer;
  readonly telemetry: Telemetry;
  /** How long a revocation waits for running handlers. */
  readonly drainMs: number;
  /** Records of these sessions that do not run are forgotten. */
  readonly dropQueued: (sessions: ReadonlySet<PartitionSession>) => void;
  readonly onChanged: () => void;
}

const RETRY_MS = 1_000;
const DRAIN_POLL_MS = 10;
/** What a last commit may take even where the time is over. */
const MIN_COMMIT_MS = 1_000;
/** How long before the end of a drain handlers are told to end. */
const MAX_SETTLE_MS = 2_000;

/**
 * The partitions that are ours. Assignments and revocations are answered one after the other, each when it
 * is done: an assignment once the group's progress is read, a revocation once running handlers have ended
 * and what they finished is committed.
 */
export class GroupMembership {
  readonly #parts: MembershipParts;
  readonly #sessions = new Map<string, PartitionSession>();
  readonly #changes: Change[] = [];
  readonly #closing = new AbortController();
  #closeByMs = Number.POSITIVE_INFINITY;
  #working: Promise<void> | undefined;
  #assignedOnce = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get sessions(): IterableIterator<PartitionSession> {
    return this.#sessions.values();
  }

  /** Whether the group has given us partitions, and every change so far is answered. */
  get isSettled(): boolean {
    return this.#assignedOnce && this.#working === undefined;
  }

  session(topic: string, partition: number): PartitionSession | undefined {
    return this.#sessions.get(placeKey(topic, partition));
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.#enqueue({ kind: 'assigned', partitions });
  }

  revoked(partitions: readonly TopicPartition[], lost: boolean): void {
    this.#enqueue({ kind: 'revoked', partitions, lost });
  }

  /** A log ends before the position of a partition: what was read and is not finished is gone, and offsets come again. */
  restart(session: PartitionSession, startOffset: number): void {
    session.drain();
    this.#parts.dropQueued(new Set([session]));
    session.close();
    this.#sessions.set(placeKey(session.topic, session.partition), session.startingAgainAt(startOffset));
  }

  /**
   * Drains and commits everything, for the end. Changes of the group that are not answered by then are left
   * to the client, which answers them when it leaves.
   *
   * @returns how many handlers had not ended
   */
  async drainAll(drainMs: number): Promise<number> {
    const { clock } = this.#parts;
    this.#closeByMs = clock.monotonicMs() + drainMs;
    this.#closing.abort();
    if (this.#working !== undefined) await within(clock, drainMs, this.#working);
    const sessions = [...this.#sessions.values()];
    const unfinished = await this.#drain(sessions, Math.max(0, this.#closeByMs - clock.monotonicMs()), false);
    this.#sessions.clear();
    return unfinished;
  }

  #enqueue(change: Change): void {
    this.#changes.push(change);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    for (let change = this.#changes.shift(); change !== undefined; change = this.#changes.shift()) {
      if (change.kind === 'assigned') await this.#assign(change.partitions);
      else await this.#revoke(change.partitions, change.lost);
    }
    this.#working = undefined;
    this.#parts.onChanged();
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { consumer, telemetry } = this.#parts;
    const sessions = await this.#open(partitions);
    if (this.#closing.signal.aborted) return;
    consumer.assign(
      sessions.map((session) => ({
        topic: session.topic,
        partition: session.partition,
        offset: session.ledger.watermark,
        leaderEpoch: session.leaderEpoch,
      })),
    );
    for (const session of sessions) this.#sessions.set(placeKey(session.topic, session.partition), session);
    this.#assignedOnce = true;
    telemetry.log('assigned', { partitions: sessions.length });
  }

  /** Opens the sessions of partitions, for as long as it takes and they are ours. */
  async #open(partitions: readonly TopicPartition[]): Promise<PartitionSession[]> {
    const { clock, telemetry } = this.#parts;
    const { signal } = this.#closing;
    let ours = partitions;
    while (ours.length > 0 && !signal.aborted) {
      try {
        const sessions = await openSessions(ours, this.#parts);
        if (await this.#commitStarts(sessions)) return sessions;
        telemetry.log('assignmentDelayed', { partitions: ours.length, reason: 'the start is not committed' });
      } catch (error) {
        telemetry.log('assignmentDelayed', { partitions: ours.length, reason: (error as Error).message });
      }
      await delay(clock, RETRY_MS, signal);
      ours = ours.filter((place) => !this.#isLeaving(place));
    }
    return [];
  }

  #isLeaving({ topic, partition }: TopicPartition): boolean {
    return this.#changes.some(
      (change) =>
        change.kind === 'revoked' &&
        change.partitions.some((place) => place.topic === topic && place.partition === partition),
    );
  }

  /** A start that was resolved now is committed before anything is read: else a restart could resolve another. */
  async #commitStarts(sessions: readonly PartitionSession[]): Promise<boolean> {
    const committer = this.#parts.committer();
    const starts = sessions.filter((session) => session.committedOffset === undefined);
    const committed = await Promise.all(starts.map((session) => committer.commitFinally(session, MIN_COMMIT_MS)));
    return committed.every(Boolean);
  }

  async #revoke(partitions: readonly TopicPartition[], lost: boolean): Promise<void> {
    const { consumer, telemetry, drainMs } = this.#parts;
    const sessions = partitions
      .map(({ topic, partition }) => this.session(topic, partition))
      .filter((session) => session !== undefined);
    const unfinished = await this.#drain(sessions, lost ? 0 : drainMs, lost);
    for (const session of sessions) this.#sessions.delete(placeKey(session.topic, session.partition));
    consumer.unassign(partitions);
    telemetry.log('revoked', { partitions: partitions.length, lost, unfinished });
  }

  async #drain(sessions: readonly PartitionSession[], drainMs: number, lost: boolean): Promise<number> {
    const { clock, committer, dropQueued } = this.#parts;
    for (const session of sessions) session.drain();
    dropQueued(new Set(sessions));
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
    if (!lost) {
      const commitMs = Math.max(MIN_COMMIT_MS, deadlineMs() - clock.monotonicMs());
      await Promise.all(sessions.map((session) => committer().commitFinally(session, commitMs)));
    }
    for (const session of sessions) session.close();
    return unfinished;
  }
}

function placeKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
