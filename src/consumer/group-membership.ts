import { delay, type Clock } from '../core/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { GroupConsumer, TopicPartition } from '../transport/port.js';
import type { Committer } from './committer.js';
import type { PartitionSession } from './partition-session.js';
import { openSessions, type StartParts } from './start-position.js';

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
  #working: Promise<void> | undefined;
  #assignedOnce = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get sessions(): IterableIterator<PartitionSession> {
    return this.#sessions.values();
  }

  /** Whether the group has answered at all. */
  get assignedOnce(): boolean {
    return this.#assignedOnce;
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

  /** Resolves once every change so far is answered. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Drains and commits everything, for the end. @returns how many handlers had not ended */
  async drainAll(drainMs: number): Promise<number> {
    await this.settled();
    const sessions = [...this.#sessions.values()];
    const unfinished = await this.#drain(sessions, drainMs, false);
    this.#sessions.clear();
    return unfinished;
  }

  #enqueue(change: Change): void {
    this.#changes.push(change);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      this.#parts.onChanged();
    });
  }

  async #work(): Promise<void> {
    for (let change = this.#changes.shift(); change !== undefined; change = this.#changes.shift()) {
      if (change.kind === 'assigned') await this.#assign(change.partitions);
      else await this.#revoke(change.partitions, change.lost);
    }
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { consumer, clock, telemetry, committer } = this.#parts;
    let sessions: PartitionSession[] = [];
    while (partitions.length > 0) {
      try {
        sessions = await openSessions(partitions, this.#parts);
        break;
      } catch (error) {
        telemetry.log('assignmentDelayed', { partitions: partitions.length, reason: (error as Error).message });
        if (this.#changes.length > 0) break; // the group has moved on meanwhile
        await delay(clock, RETRY_MS);
      }
    }
    // A start that was resolved now is committed before anything is read: else a restart could resolve another.
    for (const session of sessions) {
      if (session.committedOffset === undefined) await committer().commitFinally(session);
    }
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
    const deadlineMs = clock.monotonicMs() + drainMs;
    const running = (): number => sessions.reduce((sum, session) => sum + session.running.size, 0);
    const abortAtMs = deadlineMs - Math.min(MAX_SETTLE_MS, drainMs / 5);
    while (running() > 0 && clock.monotonicMs() < deadlineMs) {
      if (clock.monotonicMs() >= abortAtMs) for (const session of sessions) session.abortRunning();
      await delay(clock, DRAIN_POLL_MS);
    }
    const unfinished = running();
    if (!lost) for (const session of sessions) await committer().commitFinally(session);
    for (const session of sessions) session.close();
    return unfinished;
  }
}

function placeKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
