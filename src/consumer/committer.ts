import type { Clock, Timer } from '../core/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { CommitRequest, CommitResult, GroupConsumer } from '../transport/port.js';
import type { PartitionSession } from './partition-session.js';
import { within } from './within.js';

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
    for (const session of this.#sessions()) this.#begin(session);
  }

  /**
   * The last commit of a partition before it goes away: waits for the one under way, at most for `maxMs`, then
   * commits in place.
   *
   * @returns whether everything finished is committed
   */
  async commitFinally(session: PartitionSession, maxMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.monotonicMs() + maxMs;
    for (let before = this.#underWay.get(session); before !== undefined; before = this.#underWay.get(session)) {
      if (!(await within(this.#clock, deadlineMs - this.#clock.monotonicMs(), before))) return false;
    }
    for (;;) {
      const request = session.beginCommit();
      if (request === undefined) return true;
      const result = this.#consumer.commitNow(request);
      const again = session.endCommit(request, result);
      if (!result.ok) this.#report(request, result);
      if (!again) return result.ok;
    }
  }

  #begin(session: PartitionSession): void {
    if (this.#underWay.has(session)) return;
    const request = session.beginCommit();
    if (request === undefined) return;
    const commit = this.#consumer.commit(request).then((result) => {
      this.#underWay.delete(session);
      const again = session.endCommit(request, result);
      if (!result.ok) this.#report(request, result);
      if (again) this.#begin(session);
    });
    this.#underWay.set(session, commit);
  }

  #report(request: CommitRequest, result: CommitResult): void {
    if (result.ok) return;
    const { topic, partition, offset } = request;
    this.#telemetry.log('commitFailed', { topic, partition, offset, reason: result.reason });
  }
}
