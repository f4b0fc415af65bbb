// What a client that knows nothing of schemas and tenants sees and writes.
import type { ReceivedRecord } from '../../src/record/wire-record.js';
import { makeTransport, produce, Reading } from '../kafka/transport/harness.js';

/** The broker in the process gives every topic so many partitions. */
const PARTITIONS = [0, 1, 2, 3];

export interface RawRecord extends ReceivedRecord {
  readonly value: Buffer;
}

/** The first records of a topic, in the order of their publishing. */
export async function readRaw(brokers: readonly string[], topic: string, count: number): Promise<RawRecord[]> {
  const reader = makeTransport([...brokers]).createReader({ groupId: 'raw', clientIdSuffix: 'raw' });
  const reading = new Reading(reader);
  await reader.connect(reading);
  for (const partition of PARTITIONS) await reader.read({ topic, partition, offset: 0, leaderEpoch: undefined });
  const seen: ReceivedRecord[] = [];
  while (seen.length < count) seen.push(...(await reading.next()));
  await reader.disconnect(1_000);
  return seen
    .sort((some, other) => some.timestampMs - other.timestampMs)
    .map((received) => ({ ...received, value: received.value ?? Buffer.alloc(0) }));
}

/** Writes records where the one is that they were made from. */
export async function writeRaw(brokers: readonly string[], ...records: readonly RawRecord[]): Promise<void> {
  const producer = makeTransport([...brokers]).createProducer();
  await producer.connect();
  await Promise.all(records.map((record) => produce(producer, { ...record, timestampMs: undefined })));
  await producer.disconnect(5_000);
}

/** A header's text. */
export function headerOf({ headers }: ReceivedRecord, wanted: string): string | undefined {
  return headers.find(({ name }) => name === wanted)?.value.toString();
}
