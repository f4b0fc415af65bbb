/** The headers of an event. Each costs time in the native client, so there are no others by default. */
export const HEADER = {
  tenantId: 'tenant-id',
  /** Type and version: `orders.placed.v1`. */
  eventType: 'event-type',
  eventId: 'event-id',
  /** Event time, milliseconds since the Unix epoch, in decimal; only where it differs from the record's and no envelope holds it. */
  eventTime: 'event-time',
  /** A detached seal (docs/envelope.md), on authentic events and on tombstones of protected contracts. */
  seal: 'tenantry-seal',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const;

/** The headers of the binary content mode of CloudEvents, which an option adds. */
export const CLOUD_EVENT_HEADER = {
  specVersion: 'ce_specversion',
  source: 'ce_source',
  /** As `event-type`. */
  type: 'ce_type',
  /** As `event-id`. */
  id: 'ce_id',
  /** The event time, as RFC 3339 has it. */
  time: 'ce_time',
  contentType: 'content-type',
} as const;

const RESERVED_NAME = /^(?:tenant-id|traceparent|tracestate|baggage)$|^(?:event-|dlq-|retry-|ce_|tenantry-)/i;

/** Whether an application may not set a header of this name. */
export function isReservedHeader(name: string): boolean {
  return RESERVED_NAME.test(name);
}
