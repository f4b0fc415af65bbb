import type { TopicPartition } from '../../transport/port.js';
import { placeName, placesOfAll } from '../group/places.js';
import { logHash, notesIn } from '../ledger/commit-metadata.js';
import { unconfirmed } from './control-errors.js';
import type { GroupLookups } from './group-redrive.js';

const TIMEOUT_MS = 10_000;

/** Looks which partitions obey the control at an offset, and keeps what it has found. */
export class Confirmation {
  readonly #consumer: GroupLookups;
  readonly #topics: readonly string[];
  readonly #offset: number;
  #waiting: readonly TopicPartition[] | undefined;
  /** All partitions, where nothing more is known. */
  #places: readonly TopicPartition[] = [];
  #fault: string | undefined = 'the broker has not answered';

  constructor(consumer: GroupLookups, topics: readonly string[], offset: number) {
    this.#consumer = consumer;
    this.#topics = topics;
    this.#offset = offset;
  }

  /** Partitions whose last commit does not say that it is obeyed. */
  async look(): Promise<readonly TopicPartition[]> {
    try {
      const waiting = await this.#look();
      this.#waiting = waiting;
      this.#fault = undefined;
      return waiting;
    } catch (error) {
      this.#fault = (error as Error).message;
      throw error;
    }
  }

  /** What is to be said where the wait for it is over. */
  get error(): Error {
    return unconfirmed((this.#waiting ?? this.#places).map(placeName), this.#fault);
  }

  async #look(): Promise<readonly TopicPartition[]> {
    const consumer = this.#consumer;
    this.#places = await placesOfAll(this.#topics, consumer, TIMEOUT_MS);
    const committed = await consumer.committed(this.#places, TIMEOUT_MS);
    return committed.filter((position) => {
      const { controlOffset = -1 } = notesIn(position.metadata, logHash(consumer.logIdentity(position)));
      return position.offset === undefined || controlOffset <= this.#offset;
    });
  }
}
