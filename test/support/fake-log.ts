import type { OutgoingRecord, ReceivedRecord } from '../../src/record/wire-record.js';
import type { LogRange } from '../../src/transport/port.js';

/** One partition's log in memory: offsets may be missing, as after compaction or an aborted transaction. */
export class FakeLog {
  readonly topic: string;
  readonly partition: number;
  leaderEpoch = 3;
  /** Offsets of a batch that no client can read: reading stands still before it, for ever. */
  unreadable: { readonly from: number; readonly until: number } | undefined;
  #records: ReceivedRecord[] = [];
  /** Where the offsets of each leader begin. */
  #epochs: { readonly epoch: number; readonly from: number }[] = [];
  #low = 0;
  #next = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get records(): readonly ReceivedRecord[] {
    return this.#records;
  }

  get range(): LogRange {
    return { lowOffset: this.#low, highOffset: this.#next };
  }

  append(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>, timestampMs: number): number {
    const { topic, partition, leaderEpoch } = this;
    const { key, value, headers } = record;
    this.#lead();
    this.#records.push({ topic, partition, offset: this.#next, key, value, headers, timestampMs, leaderEpoch });
    return this.#next++;
  }

  /** Offsets that hold nothing, as a transaction marker does. */
  skip(count = 1): void {
    this.#lead();
    this.#next += count;
  }

  /** Compaction takes these offsets out of the middle. */
  compact(gone: (offset: number) => boolean): void {
    this.#records = this.#records.filter(({ offset }) => !gone(offset));
  }

  /** Retention drops everything below `offset`. */
  dropBelow(offset: number): void {
    this.#low = Math.max(this.#low, offset);
    this.#next = Math.max(this.#next, this.#low);
    this.#records = this.#records.filter((record) => record.offset >= this.#low);
  }

  /** The log ends at `offset` again, as after the election of a replica that lagged. */
  truncate(offset: number): void {
    this.#next = Math.max(this.#low, offset);
    this.#records = this.#records.filter((record) => record.offset < offset);
    this.#epochs = this.#epochs.filter(({ from }) => from < offset);
  }

  /** Up to where the log is as leaders up to an epoch have written it. */
  endOfEpoch(epoch: number): number {
    return this.#epochs.find((next) => next.epoch > epoch)?.from ?? this.#next;
  }

  /** Whether reading gets nowhere at an offset. */
  isUnreadableAt(offset: number): boolean {
    return this.unreadable !== undefined && offset >= this.unreadable.from && offset < this.unreadable.until;
  }

  /**
   * Its records at consecutive offsets from `base` on, as in a copy that a mirror has made.
   *
   * @returns the new offsets by the old ones
   */
  renumber(base: number): ReadonlyMap<number, number> {
    const offsets = new Map(this.#records.map(({ offset }, index) => [offset, base + index]));
    this.#records = this.#records.map((record, index) => ({ ...record, offset: base + index }));
    this.#low = base;
    this.#next = base + this.#records.length;
    this.#epochs = this.#records.map(({ leaderEpoch = 0, offset }) => ({ epoch: leaderEpoch, from: offset }));
    return offsets;
  }

  /** Up to `max` records at or after an offset. */
  read(offset: number, max: number): readonly ReceivedRecord[] {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    const { from, until } = this.unreadable ?? { from: 0, until: 0 };
    return this.#records.slice(low, low + max).filter((record) => offset >= until || record.offset < from);
  }

  /** What is written now is of this leader. */
  #lead(): void {
    if (this.#epochs.at(-1)?.epoch !== this.leaderEpoch)
      this.#epochs.push({ epoch: this.leaderEpoch, from: this.#next });
  }
}
