import type { ConsumedEvent } from '../../api/consumed-event.js';
import type { SealedFields } from '../../contract/event-contract.js';
import { upcastData } from '../../contract/upcast.js';
import { validatePayload } from '../../contract/validate.js';
import { tenantryError } from '../../core/errors.js';
import type { OpenedValue, RecordCipher, SealedIdentity } from '../../encryption/record-cipher.js';
import { CLOUD_EVENT_HEADER, isReservedHeader } from '../../record/header-names.js';
import type { WireHeader } from '../../record/wire-record.js';
import type { ValueSerde } from '../../serde/value-serde.js';
import type { Delivery } from './delivery.js';
import type { HandlerTable, Route } from './handler-table.js';
import type { GuardedRecord } from './tenant-guard.js';

/** What opening needs. */
export interface OpenParts {
  readonly cipher: RecordCipher | undefined;
  readonly serde: ValueSerde;
  readonly handlers: HandlerTable;
}

interface Opened {
  readonly value: Buffer | null;
  readonly timeMs: number;
  /** The fields that were in the seal, and what named them. */
  readonly sealed?: { readonly bytes: Buffer; readonly protection: SealedFields };
}

/**
 * Makes the event of a guarded record: open → decode → validate → upcast. Answers at once where no key service has
 * to be asked. Fails with the codes of `RecordCipher`, with `SEAL_MISSING`, `SEALED_FIELDS_INVALID`,
 * `UNEXPECTED_TOMBSTONE`, `PAYLOAD_MALFORMED`, `PAYLOAD_INVALID` or `UPCAST_FAILED`.
 */
export function openEvent(
  delivery: Pick<Delivery, 'record'>,
  guarded: GuardedRecord,
  route: Route,
  parts: OpenParts,
): ConsumedEvent | Promise<ConsumedEvent> {
  const opened = open(delivery, guarded, route, parts);
  if (opened instanceof Promise) return opened.then((value) => decode(delivery, guarded, route, parts, value));
  return decode(delivery, guarded, route, parts, opened);
}

function open(
  delivery: Pick<Delivery, 'record'>,
  guarded: GuardedRecord,
  route: Route,
  parts: OpenParts,
): Opened | Promise<Opened> {
  const { value, timestampMs } = delivery.record;
  const protection = parts.handlers.requiredProtection(route.contract);
  if (protection === 'none') return { value, timeMs: guarded.eventTimeMs ?? timestampMs };
  const { cipher } = parts;
  if (cipher === undefined) {
    throw tenantryError(
      'KEY_NOT_CONFIGURED',
      `event contract ${route.contract.eventType} is protected, and the client has no encryption option`,
    );
  }
  const identity = sealedIdentity(delivery, guarded, route);
  if (protection === 'confidential' && value !== null) {
    const opened = cipher.openValue(identity, value);
    return opened instanceof Promise
      ? opened.then(({ plaintext, timeMs }) => ({ value: plaintext, timeMs }))
      : { value: opened.plaintext, timeMs: opened.timeMs };
  }
  if (guarded.seal === undefined) {
    throw tenantryError(
      'SEAL_MISSING',
      `event contract ${route.contract.eventType} is protected, and the record carries no seal`,
    );
  }
  if (typeof protection === 'object' && value !== null) {
    const opened = cipher.openFields(identity, value, guarded.seal);
    const withFields = ({ plaintext, timeMs }: OpenedValue): Opened => ({
      value,
      timeMs,
      sealed: { bytes: plaintext, protection },
    });
    return opened instanceof Promise ? opened.then(withFields) : withFields(opened);
  }
  const verified = cipher.openDetached(identity, value, guarded.seal);
  return verified instanceof Promise
    ? verified.then(({ timeMs }) => ({ value, timeMs }))
    : { value, timeMs: verified.timeMs };
}

/** The names that the seal binds, from the key and headers; the topic from the subscription. */
export function sealedIdentity(
  delivery: Pick<Delivery, 'record'>,
  guarded: GuardedRecord,
  route: Route,
): SealedIdentity {
  const { key } = delivery.record;
  if (key === null) throw tenantryError('RECORD_KEY_INVALID', 'a guarded record has a key');
  return {
    tenantId: guarded.tenantId,
    logicalTopic: route.contract.topic,
    recordKey: key,
    eventType: guarded.eventType,
    eventId: guarded.eventId,
  };
}

function decode(
  delivery: Pick<Delivery, 'record'>,
  guarded: GuardedRecord,
  route: Route,
  parts: OpenParts,
  opened: Opened,
): ConsumedEvent | Promise<ConsumedEvent> {
  const { contract, handled, upcasts } = route;
  const event = (data: unknown): ConsumedEvent => ({
    id: guarded.eventId,
    type: contract.type,
    version: handled.version,
    publishedVersion: contract.version,
    tenantId: guarded.tenantId,
    aggregateId: guarded.aggregateId,
    timestamp: new Date(opened.timeMs),
    headers: guarded.hasOtherHeaders ? readableHeaders(delivery.record.headers) : NO_HEADERS,
    data,
  });
  const validated = (value: unknown): unknown => upcastData(upcasts, validatePayload(contract, value));
  if (opened.value === null) {
    if (contract.compacted) return event(null);
    throw tenantryError(
      'UNEXPECTED_TOMBSTONE',
      `event contract ${contract.eventType} is not compacted and has no tombstones`,
    );
  }
  const { sealed } = opened;
  if (sealed !== undefined) {
    const split = { readable: opened.value, sealed: sealed.bytes };
    return event(validated(parts.serde.fields?.join(contract, sealed.protection, split)));
  }
  const decoded = parts.serde.decode(contract, opened.value);
  if (decoded instanceof Promise) return decoded.then((value) => event(validated(value)));
  return event(validated(decoded));
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>);

/** The application's own headers. Without a prototype, so that a header of any name is only a property. */
function readableHeaders(headers: readonly WireHeader[]): Readonly<Record<string, string>> {
  let readable: Record<string, string> | undefined;
  const isDescribed = headers.some(({ name }) => name === CLOUD_EVENT_HEADER.specVersion);
  for (const { name, value } of headers) {
    if (isReservedHeader(name) || (isDescribed && name === CLOUD_EVENT_HEADER.contentType)) continue;
    readable ??= Object.create(null) as Record<string, string>;
    readable[name] = value.toString('utf8');
  }
  return readable ?? NO_HEADERS;
}
