import { tenantryError } from '../core/errors.js';
import { CLOUD_EVENT_HEADER } from '../record/header-names.js';
import type { WireHeader } from '../record/wire-record.js';
import type { Validated } from './stages.js';

/** What a value is that only the holder of the tenant's key can read. */
const SEALED = 'application/vnd.tenantry.sealed';
/** Of bytes that are not plain JSON, such as those in the framing of a schema registry. */
const OCTETS = 'application/octet-stream';
/** Of later years RFC 3339 knows no form. */
const END_OF_YEAR_9999_MS = 253_402_300_799_999;

/** Makes the headers that describe an event as a CloudEvent. */
export type DescribeEvent = (event: Validated) => readonly WireHeader[];

/**
 * The attributes of CloudEvents 1.0 as headers, in the binary content mode of its Kafka protocol binding. They are for
 * others: consumers of this library never read them.
 *
 * @param contentType - of values as the serde writes them
 */
export function cloudEventHeaders(source: string, contentType: string = OCTETS): DescribeEvent {
  const specVersion = header(CLOUD_EVENT_HEADER.specVersion, '1.0');
  const sourceHeader = header(CLOUD_EVENT_HEADER.source, source);
  return (event) => {
    assertNoContentType(event);
    const headers = [
      specVersion,
      sourceHeader,
      header(CLOUD_EVENT_HEADER.type, event.contract.eventType),
      header(CLOUD_EVENT_HEADER.id, event.eventId),
    ];
    if (event.eventTimeMs <= END_OF_YEAR_9999_MS) {
      headers.push(header(CLOUD_EVENT_HEADER.time, new Date(event.eventTimeMs).toISOString()));
    }
    if (!event.tombstone) {
      const isSealed = event.contract.protection === 'confidential';
      headers.push(header(CLOUD_EVENT_HEADER.contentType, isSealed ? SEALED : contentType));
    }
    return headers;
  };
}

function header(name: string, value: string): WireHeader {
  return { name, value: Buffer.from(value, 'latin1') };
}

/** Else the record would have two. */
function assertNoContentType({ furtherHeaders }: Validated): void {
  if (!furtherHeaders.some(({ name }) => name.toLowerCase() === CLOUD_EVENT_HEADER.contentType)) return;
  throw tenantryError('INVALID_HEADER', 'the header name content-type is reserved where cloudEvents is on');
}
