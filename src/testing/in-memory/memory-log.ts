import type { OutgoingRecord, ReceivedRecord } from '../../record/wire-record.js';
import type { LogRange } from '../../transport/port.js';

const LEADER_EPOCH = 0;

/** One partition's log: it keeps everything, so an offset is a place in it. */
export class MemoryLog {
  readonly #topic: string;
  readonly #partition: number;
  readonly #records: ReceivedRecord[] = [];

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  get range(): LogRange {
    return { lowOffset: 0, highOffset: this.#records.length };
  }

  /** Copies the record: its caller may write over the bytes. */
  append({ key, value, headers }: OutgoingRecord, timestampMs: number): ReceivedRecord {
    const written: ReceivedRecord = {
      topic: this.#topic,
      partition: this.#partition,
      offset: this.#records.length,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers: headers.map((header) => ({ name: header.name, value: Buffer.from(header.value) })),
      timestampMs,
      leaderEpoch: LEADER_EPOCH,
    };
    this.#records.push(written);
    return written;
  }

  read(offset: number, maxRecords: number): readonly ReceivedRecord[] {
    return this.#records.slice(offset, offset + maxRecords);
  }

  offsetForTime(timestampMs: number): number | undefined {
    return this.#records.find((record) => record.timestampMs >= timestampMs)?.offset;
  }

  /** Whether a leader of this epoch has ever been. */
  knowsEpoch(leaderEpoch: number | undefined): boolean {
    return leaderEpoch === undefined || leaderEpoch <= LEADER_EPOCH;
  }
}
