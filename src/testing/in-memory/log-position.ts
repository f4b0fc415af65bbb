import type { ReceivedRecord } from '../../record/wire-record.js';
import type { ConsumerFault, TopicPartition } from '../../transport/port.js';
import type { MemoryLog } from './memory-log.js';

/** What a read of a partition tells beside its records. */
export type Found = 'end' | 'out-of-range' | undefined;

export const OUT_OF_RANGE: ConsumerFault = { kind: 'out-of-range', reason: 'Broker: Offset out of range' };

/** Where a client reads a partition. */
export class LogPosition {
  readonly place: TopicPartition;
  #offset: number;
  #isPaused = false;
  /** Whether it was told that its offset is not in the log: it stands still since. */
  #isLost = false;
  #endTold: number | undefined;

  constructor({ topic, partition }: TopicPartition, offset: number) {
    this.place = { topic, partition };
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  moveTo(offset: number): void {
    this.#offset = offset;
    this.#isLost = false;
    this.#endTold = undefined;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#endTold = undefined;
  }

  /** Reads up to `maxRecords`. Each end of the log, and each offset that is not in it, is told once. */
  read(log: MemoryLog, maxRecords: number, into: ReceivedRecord[]): Found {
    if (this.#isPaused || this.#isLost || maxRecords <= 0) return undefined;
    const { highOffset } = log.range;
    if (this.#offset < 0 || this.#offset > highOffset) {
      this.#isLost = true;
      return 'out-of-range';
    }
    const records = log.read(this.#offset, maxRecords);
    into.push(...records);
    this.#offset += records.length;
    if (this.#offset < highOffset || this.#endTold === highOffset) return undefined;
    this.#endTold = highOffset;
    return 'end';
  }
}
