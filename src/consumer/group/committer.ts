import type { Clock, Timer } from '../../core/clock.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { CommitRequest, CommitResult, GroupConsumer } from '../../transport/port.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { within } from '../../core/within.js';

/**
 * Commits what the ledgers say: explicitly, a partition a call, one call under way for each partition, and
 * a commit counts only once the broker has answered that it is good.
 */
export class Committer {
  readonly #clock: Clock;
  readonly #consumer: GroupConsumer;
  readonly #telemetry: Telemetry;
  readonly #intervalMs: number;
  readonly #sessions: () => Iterable<PartitionSession>;
  readonly #underWay = new Map<PartitionSession, Promise<void>>();
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    consumer: GroupConsumer,
    telemetry: Telemetry,
    intervalMs: number,
    sessions: () => Iterable<PartitionSession>,
  ) {
    this.#clock = clock;
    this.#consumer = consumer;
    this.#telemetry = telemetry;
    this.#intervalMs = intervalMs;
    this.#sessions = sessions;
  }

  start(): void {
    this.#timer = this.#clock.setTimer(this.#intervalMs, () => {
      this.commitAll();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Begins a commit for every partition whose progress has changed. */
  commitAll(): void {
    for (const session of this.#sessions()) this.commit(session);
  }

  /** Begins a commit of one partition, where its progress has changed and none is under way. */
  commit(session: PartitionSession): void {
    void this.#begin(session);
  }

  /**
   * Commits a partition until there is nothing left to commit: before it is read for the first time, and before
   * it goes away. Polling must go on meanwhile, because the broker's answers come with it; an answer is waited
   * for so, and not in place, because in place it would hold up the event loop while no broker answers.
   *
   * @param maxMs - how long it may take
   * @returns whether everything finished is committed
   */
  async commitFinally(session: PartitionSession, maxMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.monotonicMs() + maxMs;
    for (;;) {
      const before = this.#underWay.get(session);
      const commit = before ?? this.#begin(session);
      if (commit === undefined) return true;
      if (!(await within(this.#clock, deadlineMs - this.#clock.monotonicMs(), commit))) return false;
      if (before === undefined && session.failedCommits > 0) return false;
    }
  }

  /** Waits for the answer to a commit that is under way, at most `maxMs`. */
  async answered(session: PartitionSession, maxMs: number): Promise<void> {
    const commit = this.#underWay.get(session);
    if (commit !== undefined) await within(this.#clock, maxMs, commit);
  }

  /** @returns undefined where there is nothing to commit, or a commit is under way */
  #begin(session: PartitionSession): Promise<void> | undefined {
    if (this.#underWay.has(session)) return undefined;
    const request = session.beginCommit();
    if (request === undefined) return undefined;
    const commit = this.#consumer.commit(request).then((result) => {
      this.#underWay.delete(session);
      const again = session.endCommit(request, result);
      if (!result.ok) this.#report(request, result);
      if (again) void this.#begin(session);
    });
    this.#underWay.set(session, commit);
    return commit;
  }

  #report(request: CommitRequest, result: CommitResult): void {
    if (result.ok) return;
    const { topic, partition, offset } = request;
    this.#telemetry.log('commitFailed', { topic, partition, offset, reason: result.reason });
  }
}
