import { HEADER } from '../record/header-names.js';
import type { OutgoingRecord, WireHeader } from '../record/wire-record.js';
import { headerSizeBytes, RECORD_OVERHEAD_BYTES } from '../record/wire-record.js';
import type { Routed, Sealed } from './stages.js';

const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, Buffer>();

/** Tenant ids and event types recur in every record, so their bytes are kept, within a bound. */
function bytesOf(text: string): Buffer {
  let bytes = remembered.get(text);
  if (bytes === undefined) {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    bytes = Buffer.from(text, 'latin1');
    remembered.set(text, bytes);
  }
  return bytes;
}

/** The last stage: the record as the broker gets it. */
export function outgoingRecord(sealed: Sealed, partition: number): OutgoingRecord {
  const headers: WireHeader[] = [
    { name: HEADER.tenantId, value: bytesOf(sealed.tenantId) },
    { name: HEADER.eventType, value: bytesOf(sealed.contract.eventType) },
    { name: HEADER.eventId, value: Buffer.from(sealed.eventId, 'latin1') },
  ];
  if (hasEventTimeHeader(sealed))
    headers.push({ name: HEADER.eventTime, value: Buffer.from(String(sealed.eventTimeMs), 'latin1') });
  if (sealed.seal !== undefined) headers.push({ name: HEADER.seal, value: sealed.seal });
  if (sealed.traceHeaders.length > 0) headers.push(...sealed.traceHeaders);
  if (sealed.furtherHeaders.length > 0) headers.push(...sealed.furtherHeaders);
  return {
    topic: sealed.topic,
    partition,
    key: sealed.key,
    value: sealed.value,
    headers,
    timestampMs: sealed.publishTimeMs,
  };
}

/** An envelope holds the event time; only an unprotected event needs a header, where it differs. */
function hasEventTimeHeader(event: Routed): boolean {
  return event.contract.protection === 'none' && event.eventTimeMs !== event.publishTimeMs;
}

/** What a record of this event will weigh, given the bytes of its payload and what sealing adds. */
export function recordCostBytes(
  event: Routed,
  payloadBytes: number,
  sealBytes: number,
  traceHeaders: readonly WireHeader[],
): number {
  let size =
    RECORD_OVERHEAD_BYTES +
    event.key.length +
    payloadBytes +
    sealBytes +
    headerSizeBytes(HEADER.tenantId, event.tenantId.length) +
    headerSizeBytes(HEADER.eventType, event.contract.eventType.length) +
    headerSizeBytes(HEADER.eventId, event.eventId.length);
  if (hasEventTimeHeader(event)) size += headerSizeBytes(HEADER.eventTime, String(event.eventTimeMs).length);
  for (const header of traceHeaders) size += headerSizeBytes(header.name, header.value.length);
  for (const header of event.furtherHeaders) size += headerSizeBytes(header.name, header.value.length);
  return size;
}
