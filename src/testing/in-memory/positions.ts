import type { Clock } from '../../core/clock.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { ReaderListener, StartPosition, TopicPartition } from '../../transport/port.js';
import { LogPosition, OUT_OF_RANGE } from './log-position.js';
import type { MemoryCluster } from './memory-cluster.js';
import { keyOf } from './memory-group.js';

/** What a consumer in memory reads, and whom it tells; in a group or beside one. */
export class Positions {
  readonly #cluster: MemoryCluster;
  readonly #clock: Clock;
  readonly #positions = new Map<string, LogPosition>();
  #listener: ReaderListener | undefined;
  #unwatch: () => void = () => undefined;

  constructor(cluster: MemoryCluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  connect(listener: ReaderListener): void {
    this.#listener = listener;
    this.#unwatch = this.#cluster.watch((place) => {
      if (this.at(place) !== undefined) this.wake();
    });
  }

  disconnect(): void {
    this.#unwatch();
    this.#listener = undefined;
    this.#positions.clear();
  }

  at(place: TopicPartition): LogPosition | undefined {
    return this.#positions.get(keyOf(place));
  }

  begin(start: StartPosition): void {
    this.#positions.set(keyOf(start), new LogPosition(start, start.offset));
  }

  end(place: TopicPartition): void {
    this.#positions.delete(keyOf(place));
  }

  poll(maxRecords: number): readonly ReceivedRecord[] {
    const records: ReceivedRecord[] = [];
    for (const position of this.#positions.values()) {
      const found = position.read(this.#cluster.log(position.place), maxRecords - records.length, records);
      if (found === 'end') this.#listener?.onEnd(position.place, position.offset);
      if (found === 'out-of-range') this.later(() => this.#listener?.onError(OUT_OF_RANGE));
    }
    return records;
  }

  /** Tells that there may be something to read. */
  wake(): void {
    this.later(() => this.#listener?.onReadable());
  }

  /** As from the event loop, never from within a call. */
  later(work: () => void): void {
    this.#clock.setTimer(0, work, { keepAlive: true });
  }
}
