import type { GroupConsumer } from '../../transport/port.js';
import type { PartitionSession } from '../ledger/partition-session.js';

/** The most records that may lie between what commit metadata can record and the head; a crash redelivers them. */
export const MAX_REDELIVERY = 100_000;

/** Which partitions are not read at present: all of them, or those whose progress cannot be recorded any more. */
export class ReadingPauses {
  readonly #consumer: GroupConsumer;
  readonly #paused = new Set<PartitionSession>();

  constructor(consumer: GroupConsumer) {
    this.#consumer = consumer;
  }

  reconcile(sessions: Iterable<PartitionSession>, pauseAll: boolean): void {
    for (const session of this.#paused) {
      if (session.state === 'active') continue;
      this.#paused.delete(session);
      // The partition may have come back meanwhile, still paused in the client.
      this.#consumer.resume([session]);
    }
    for (const session of sessions) {
      if (session.state !== 'active') continue;
      const wanted = pauseAll || session.unrecordable > MAX_REDELIVERY;
      if (wanted === this.#paused.has(session)) continue;
      if (wanted) {
        this.#paused.add(session);
        session.isPaused = true;
        this.#consumer.pause([session]);
      } else {
        this.#paused.delete(session);
        session.isPaused = false;
        this.#consumer.resume([session]);
      }
    }
  }
}
