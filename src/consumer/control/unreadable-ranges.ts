import type { TopicPartition } from '../../transport/port.js';
import { placeName } from '../group/places.js';

/** Offsets of a partition that somebody has given up. */
export interface UnreadableRange extends TopicPartition {
  readonly from: number;
  /** The first that is to be read again. */
  readonly until: number;
}

/**
 * What the group was told that no client can read. A range is passed over only where a reader stands still in it, so
 * nothing that can be read is lost to a wrong one.
 */
export class UnreadableRanges {
  readonly #byPlace = new Map<string, UnreadableRange[]>();

  add(range: UnreadableRange): void {
    const known = this.#byPlace.get(placeName(range)) ?? [];
    this.#byPlace.set(placeName(range), [...known, range]);
  }

  clear(): void {
    this.#byPlace.clear();
  }

  /** Where reading goes on for a reader that stands still at an offset; undefined where nobody has given that up. */
  endOf(place: TopicPartition, offset: number): number | undefined {
    const around = (this.#byPlace.get(placeName(place)) ?? []).filter(
      ({ from, until }) => offset >= from && offset < until,
    );
    return around.length === 0 ? undefined : Math.max(...around.map(({ until }) => until));
  }
}
