import type { Clock, Timer } from '../core/clock.js';
import type { GroupConsumer } from '../transport/port.js';
import type { PartitionSession } from './partition-session.js';
import type { Loss } from './start-position.js';

/** What the watch is told and tells. */
export interface PositionWatchParts {
  readonly sessions: () => Iterable<PartitionSession>;
  readonly onLoss: (loss: Loss) => void;
}

const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5_000;

/**
 * Finds reading positions that are not in their log any more. The client reports such an error without
 * naming the partition, and swallows it where it arrives behind records, so positions that do not move are
 * compared with the ends of their log now and then. A loss is reported, never passed over in silence.
 */
export class PositionWatch {
  readonly #clock: Clock;
  readonly #consumer: GroupConsumer;
  readonly #parts: PositionWatchParts;
  readonly #lastSeen = new WeakMap<PartitionSession, number>();
  #timer: Timer | undefined;
  #checking = false;

  constructor(clock: Clock, consumer: GroupConsumer, parts: PositionWatchParts) {
    this.#clock = clock;
    this.#consumer = consumer;
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#clock.setTimer(INTERVAL_MS, () => {
      void this.#check((session) => this.#lastSeen.get(session) === session.position);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Compares every position now. */
  checkNow(): void {
    void this.#check(() => true);
  }

  async #check(suspicious: (session: PartitionSession) => boolean): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      for (const session of [...this.#parts.sessions()]) {
        if (session.state === 'active' && suspicious(session)) await this.#compare(session);
        this.#lastSeen.set(session, session.position);
      }
    } catch {
      // The broker did not answer; the next round asks again.
    } finally {
      this.#checking = false;
    }
  }

  async #compare(session: PartitionSession): Promise<void> {
    const { topic, partition } = session;
    const { lowOffset, highOffset } = await this.#consumer.logRange(session, TIMEOUT_MS);
    const from = session.position;
    if (session.state !== 'active' || (from >= lowOffset && from <= highOffset)) return;
    const start = from < lowOffset ? lowOffset : highOffset;
    this.#parts.onLoss({ topic, partition, fromOffset: Math.min(from, start), toOffset: Math.max(from, start) });
    session.ledger.passTo(start);
    session.position = start;
    await this.#consumer.seek({ topic, partition, offset: start, leaderEpoch: undefined });
  }
}
