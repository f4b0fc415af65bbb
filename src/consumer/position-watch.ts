import type { Clock, Timer } from '../core/clock.js';
import type { GroupConsumer, TopicPartition } from '../transport/port.js';
import type { PartitionSession } from './partition-session.js';
import { lostRange, type Loss } from './start-position.js';

/** What the watch is told and tells. */
export interface PositionWatchParts {
  readonly sessions: () => Iterable<PartitionSession>;
  readonly onLoss: (loss: Loss) => void;
  /** The log ends before the session's position: it was cut or made anew, and is read again from this offset. */
  readonly onTruncated: (session: PartitionSession, startOffset: number) => void;
}

const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;

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
  #retry: Timer | undefined;
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
    this.#retry?.cancel();
  }

  /**
   * A position is out of its range, and nobody says which: compares every one now, and until each was compared.
   * The client reads on from none of them by itself, also where the log has grown past it meanwhile, so those
   * that are in their range are set again.
   */
  checkNow(): void {
    void this.#check(() => true, true).then((complete) => {
      if (!complete)
        this.#retry = this.#clock.setTimer(RETRY_MS, () => {
          this.checkNow();
        });
    });
  }

  /** @returns whether every suspicious position was compared */
  async #check(suspicious: (session: PartitionSession) => boolean, setAgain = false): Promise<boolean> {
    if (this.#checking) return false;
    this.#checking = true;
    let complete = true;
    for (const session of [...this.#parts.sessions()]) {
      try {
        if (session.state === 'active' && suspicious(session)) await this.#compare(session, setAgain);
      } catch {
        complete = false; // the broker did not answer; the next round asks again
      }
      this.#lastSeen.set(session, session.position);
    }
    this.#checking = false;
    return complete;
  }

  async #compare(session: PartitionSession, setAgain: boolean): Promise<void> {
    const from = session.position;
    const range = await this.#consumer.logRange(session, TIMEOUT_MS);
    if (session.state !== 'active' || session.position !== from) return; // a position that moves is in its log
    const inRange = from >= range.lowOffset && from <= range.highOffset;
    if (inRange && !setAgain) return;
    const start = inRange ? from : range.lowOffset;
    await this.#consumer.seek({ ...placeOf(session), offset: start, leaderEpoch: undefined });
    if (inRange) return;
    this.#parts.onLoss({ ...placeOf(session), ...lostRange(from, range) });
    this.#moved(session, from, start);
  }

  #moved(session: PartitionSession, from: number, start: number): void {
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
