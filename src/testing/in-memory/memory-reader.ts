import { delay, type Clock } from '../../core/clock.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { PartitionReader, ReaderListener, StartPosition, TopicPartition } from '../../transport/port.js';
import type { MemoryCluster } from './memory-cluster.js';
import { Positions } from './positions.js';

/** Reads beside a group. */
export class MemoryReader implements PartitionReader {
  readonly #clock: Clock;
  readonly #positions: Positions;

  constructor(cluster: MemoryCluster, clock: Clock) {
    this.#clock = clock;
    this.#positions = new Positions(cluster, clock);
  }

  async connect(listener: ReaderListener): Promise<void> {
    this.#positions.connect(listener);
  }

  async poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    return this.#positions.poll(maxRecords);
  }

  async read(start: StartPosition): Promise<void> {
    await delay(this.#clock, 0);
    this.#positions.begin(start);
    this.#positions.wake();
  }

  leave(place: TopicPartition): void {
    this.#positions.end(place);
  }

  async disconnect(): Promise<void> {
    this.#positions.disconnect();
  }
}
