import type { Clock, Timer } from '../core/clock.js';
import type { GroupConsumer, TopicPartition } from '../transport/port.js';
import type { PartitionSession } from './partition-session.js';
import type { Loss } from './start-position.js';

/** What the watch is told and tells. */
export interface PositionWatchParts {
  readonly sessions: () => Iterable<PartitionSession>;
  readonly onLoss: (loss: Loss) => void;
  /** The log ends at this offset, before the session's position: what comes from there on is new. */
  readonly onTruncated: (session: PartitionSession, endOffset: number) => void;
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
    for (const session of [...this.#parts.sessions()]) {
      try {
        if (session.state === 'active' && suspicious(session)) await this.#compare(session);
      } catch {
        // The broker did not answer; the next round asks again.
      }
      this.#lastSeen.set(session, session.position);
    }
    this.#checking = false;
  }

  async #compare(session: PartitionSession): Promise<void> {
    const from = session.position;
    const { lowOffset, highOffset } = await this.#consumer.logRange(session, TIMEOUT_MS);
    if (session.state !== 'active' || session.position !== from) return; // a position that moves is in its log
    if (from >= lowOffset && from <= highOffset) return;
    const start = from < lowOffset ? lowOffset : highOffset;
    await this.#consumer.seek({ ...placeOf(session), offset: start, leaderEpoch: undefined });
    this.#moved(session, from, start);
  }

  #moved(session: PartitionSession, from: number, start: number): void {
    const loss = { fromOffset: Math.min(from, start), toOffset: Math.max(from, start) };
    this.#parts.onLoss({ ...placeOf(session), ...loss });
    if (session.state !== 'active') return;
    if (start < from) {
      this.#parts.onTruncated(session, start);
      return;
    }
    session.ledger.passTo(start);
    session.position = Math.max(session.position, start);
  }
}

function placeOf({ topic, partition }: PartitionSession): TopicPartition {
  return { topic, partition };
}
