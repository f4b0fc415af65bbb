import type { OutgoingRecord, ReceivedRecord, WireHeader } from '../../src/record/wire-record.js';

/** What an event's record holds; everything can be told otherwise. */
export interface RecordSketch {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly tenant?: string | undefined;
  readonly aggregate?: string | undefined;
  readonly eventType?: string | undefined;
  readonly eventId?: string | undefined;
  readonly data?: unknown;
  /** Instead of what the fields above would make. */
  readonly key?: Buffer | null | undefined;
  readonly value?: Buffer | null | undefined;
  readonly headers?: readonly WireHeader[] | undefined;
  readonly moreHeaders?: readonly WireHeader[] | undefined;
}

export function header(name: string, value: string | Buffer): WireHeader {
  return { name, value: typeof value === 'string' ? Buffer.from(value) : value };
}

/** The record of an unprotected event of `Noted`, as a producer of ours writes it. */
export function eventRecord(sketch: RecordSketch = {}): OutgoingRecord {
  const { tenant = 'acme', aggregate = 'n1', eventType = 'notes.noted.v1', eventId = 'id-1' } = sketch;
  const headers = sketch.headers ?? [
    header('tenant-id', tenant),
    header('event-type', eventType),
    header('event-id', eventId),
  ];
  return {
    topic: sketch.topic ?? 'notes',
    partition: sketch.partition,
    key: sketch.key === undefined ? Buffer.from(`${tenant}:${aggregate}`) : sketch.key,
    value: sketch.value === undefined ? Buffer.from(JSON.stringify(sketch.data ?? { id: aggregate })) : sketch.value,
    headers: [...headers, ...(sketch.moreHeaders ?? [])],
    timestampMs: undefined,
  };
}

/** The same as a consumer reads it. */
export function receivedRecord(sketch: RecordSketch & { readonly offset?: number | undefined } = {}): ReceivedRecord {
  const { topic, partition, key, value, headers } = eventRecord(sketch);
  return {
    topic,
    partition: partition ?? 0,
    offset: sketch.offset ?? 0,
    key,
    value,
    headers,
    timestampMs: 1_767_225_600_000,
    leaderEpoch: 3,
  };
}
