import type { ReceivedRecord } from '../../src/record/wire-record.js';
import type { TopicPartition } from '../../src/transport/port.js';
import type { FakeKafka } from './fake-kafka.js';

/** What a read of a partition has found beside records. */
export type Found = 'records' | 'out-of-range' | 'end' | 'nothing';

/** Where a fake client reads a partition. */
export class LogCursor {
  readonly place: TopicPartition;
  paused = false;
  #position: number;
  /** Whether its position being out of range was told already: it stands still since. */
  #isTold = false;
  /** Leader epoch of the newest record read since it was moved: nobody tells the client where it begins. */
  #epoch: number | undefined;
  #endTold: number | undefined;

  constructor(place: TopicPartition, position: number) {
    this.place = place;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  moveTo(offset: number): void {
    this.#position = offset;
    this.#isTold = false;
    this.#epoch = undefined;
    this.#endTold = undefined;
  }

  /** Reads up to `maxRecords`; each end of the log, and each position out of range, is told once. */
  read(kafka: FakeKafka, maxRecords: number, into: ReceivedRecord[]): Found {
    if (this.paused || maxRecords <= 0) return 'nothing';
    if (kafka.partitions(this.place.topic) === undefined) return 'nothing'; // deleted
    const log = kafka.log(this.place.topic, this.place.partition);
    const { lowOffset, highOffset } = log.range;
    if (this.#isTold) return 'nothing';
    // As KIP-320 has clients ask where the epoch ends that they have read from.
    const isCut = this.#epoch !== undefined && log.endOfEpoch(this.#epoch) < this.#position;
    if (this.#position < lowOffset || this.#position > highOffset || isCut) {
      this.#isTold = true;
      return 'out-of-range';
    }
    if (log.isUnreadableAt(this.#position)) return 'nothing';
    const records = log.read(this.#position, maxRecords);
    into.push(...records);
    const last = records.at(-1);
    if (last !== undefined) this.#position = last.offset + 1;
    this.#epoch = last?.leaderEpoch ?? this.#epoch;
    const { unreadable } = log;
    if (unreadable !== undefined && this.#position <= unreadable.from) {
      if (last === undefined) this.#position = unreadable.from;
      return 'records';
    }
    if (records.length === maxRecords || this.#endTold === highOffset) return 'records';
    this.#endTold = highOffset;
    this.#position = highOffset;
    return 'end';
  }
}
