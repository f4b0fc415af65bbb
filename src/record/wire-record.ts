/** One header as the broker keeps it: names may repeat, order is kept. */
export interface WireHeader {
  readonly name: string;
  readonly value: Buffer;
}

/** A record as it came from the broker, not looked at yet. */
export interface ReceivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly WireHeader[];
  /** Record timestamp, milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Leader epoch of the fetch, where the broker gave one. */
  readonly leaderEpoch: number | undefined;
}

/** A record ready to be handed to the broker. */
export interface OutgoingRecord {
  readonly topic: string;
  /** `undefined` leaves the choice to the client (only for copies that carry no key of ours). */
  readonly partition: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly WireHeader[];
  /** Record timestamp; `undefined` means the time of sending. */
  readonly timestampMs: number | undefined;
}

/** Bytes the broker adds around key, value and headers, at most; what limits count for each record. */
export const RECORD_OVERHEAD_BYTES = 70;

const HEADER_OVERHEAD_BYTES = 6;

/** The size of a record as limits see it: key, value, headers and a fixed overhead. */
export function recordSizeBytes(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): number {
  let size = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const header of record.headers) size += headerSizeBytes(header.name, header.value.length);
  return size;
}

/** Names are ASCII in this library's own headers; for others the UTF-16 length is close enough. */
export function headerSizeBytes(name: string, valueBytes: number): number {
  return HEADER_OVERHEAD_BYTES + name.length + valueBytes;
}
