import { parseEventType } from '../../contract/event-type.js';
import type { ErrorCode } from '../../core/error-codes.js';
import { isEventId } from '../../core/event-id.js';
import { isTenantId, type TenantId } from '../../core/tenant-id.js';
import { HEADER } from '../../record/header-names.js';
import { parseRecordKey } from '../../record/record-key.js';
import type { ReceivedRecord, WireHeader } from '../../record/wire-record.js';
import { profileOf, type TenantDirectory } from '../../tenant/directory.js';

/** What the clear parts of a record that keeps to its boundary say. */
export interface GuardedRecord {
  readonly tenantId: TenantId;
  readonly aggregateId: string;
  /** Type and version, as the header has them; not yet known to be handled. */
  readonly eventType: string;
  readonly eventId: string;
  /** Whether there are headers beside those of this library's events. */
  readonly hasOtherHeaders: boolean;
  /** The detached seal, where there is one. */
  readonly seal: Buffer | undefined;
  /** The `event-time` header in milliseconds, where there is one; not authenticated. */
  readonly eventTimeMs: number | undefined;
  /** Whether the directory could not be asked for the tenant yet: it is asked again before the record is opened. */
  readonly undecided: boolean;
}

/** The guard's answer. `foreign`: well-formed and another tenant's. `violation`: it contradicts itself or its topic. */
export type GuardVerdict =
  | { readonly kind: 'own'; readonly record: GuardedRecord }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'violation'; readonly code: ErrorCode };

/** More headers than an event of this library can have: its own, and what applications may add. */
export const MAX_HEADERS = 100;

const MAX_EVENT_TYPE_BYTES = 220;
const EVENT_TIME = /^\d{1,15}$/;

/**
 * Decides from the clear key and headers alone whether a record keeps to its tenant's boundary: the tenant
 * header, the key and, for a tenant's own consumer, the scope must name the same tenant.
 */
export class TenantGuard {
  readonly #scope: TenantId | undefined;
  readonly #directory: TenantDirectory;
  readonly #eventTypes = new EventTypeReader();

  /** @param scope - the one tenant that is served; undefined for a worker, which serves all of them */
  constructor(scope: TenantId | undefined, directory: TenantDirectory) {
    this.#scope = scope;
    this.#directory = directory;
  }

  check(record: ReceivedRecord): GuardVerdict {
    if (record.headers.length > MAX_HEADERS) return violation('TOO_MANY_HEADERS');
    const key = parseRecordKey(record.key);
    if (key === undefined) return violation('RECORD_KEY_INVALID');
    const { tenantId, aggregateId } = key;
    const headers = ownHeaders(record.headers);
    if (headers === undefined) return violation('RECORD_HEADER_INVALID');
    // Every text below has a grammar of ASCII, which no reading of other bytes fits.
    const eventType = this.#eventTypes.read(headers.eventType);
    const eventId = headers.eventId?.toString('latin1');
    const eventTime = headers.eventTime?.toString('latin1');
    const namesTenant = headers.tenantId !== undefined && isText(headers.tenantId, tenantId);
    if (
      eventType === undefined ||
      !isEventId(eventId) ||
      !(eventTime === undefined || EVENT_TIME.test(eventTime)) ||
      !(namesTenant || isTenantId(headers.tenantId?.toString('latin1')))
    )
      return violation('RECORD_HEADER_INVALID');
    if (!namesTenant) return violation('TENANT_MISMATCH');
    if (this.#scope !== undefined && this.#scope !== tenantId) return { kind: 'foreign' };
    const known = this.knows(tenantId);
    if (known === false) return violation('UNKNOWN_TENANT');
    return {
      kind: 'own',
      record: {
        tenantId,
        aggregateId,
        eventType,
        eventId,
        hasOtherHeaders: headers.hasOthers,
        seal: headers.seal,
        eventTimeMs: eventTime === undefined ? undefined : Number(eventTime),
        undecided: known === undefined,
      },
    };
  }

  /** Whether a tenant is known; undefined where the directory threw, which says nothing about the tenant. */
  knows(tenantId: TenantId): boolean | undefined {
    try {
      return profileOf(this.#directory, tenantId) !== undefined;
    } catch {
      return undefined;
    }
  }
}

function violation(code: ErrorCode): GuardVerdict {
  return { kind: 'violation', code };
}

/** Reads event types. One follows the same one most of the time, so the last is recognised by its bytes. */
class EventTypeReader {
  #last = '';

  /** @returns undefined where it does not fit the grammar */
  read(bytes: Buffer | undefined): string | undefined {
    if (bytes === undefined) return undefined;
    if (this.#last !== '' && isText(bytes, this.#last)) return this.#last;
    const text = bytes.toString('latin1');
    if (parseEventType(text) === undefined) return undefined;
    this.#last = text;
    return text;
  }
}

/** Whether bytes are a text of ASCII characters: cheaper than to decode them. */
function isText(bytes: Buffer, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== text.charCodeAt(at)) return false;
  return true;
}

/** The headers of ours, as they stand. */
interface OwnHeaders {
  tenantId: Buffer | undefined;
  eventType: Buffer | undefined;
  eventId: Buffer | undefined;
  eventTime: Buffer | undefined;
  seal: Buffer | undefined;
  hasOthers: boolean;
}

/** Finds the headers of ours, each of which may stand at most once. */
function ownHeaders(headers: readonly WireHeader[]): OwnHeaders | undefined {
  const own: OwnHeaders = {
    tenantId: undefined,
    eventType: undefined,
    eventId: undefined,
    eventTime: undefined,
    seal: undefined,
    hasOthers: false,
  };
  for (const { name, value } of headers) {
    switch (name) {
      case HEADER.tenantId:
        if (own.tenantId !== undefined || value.length > 63) return undefined;
        own.tenantId = value;
        break;
      case HEADER.eventType:
        if (own.eventType !== undefined || value.length > MAX_EVENT_TYPE_BYTES) return undefined;
        own.eventType = value;
        break;
      case HEADER.eventId:
        if (own.eventId !== undefined || value.length > 128) return undefined;
        own.eventId = value;
        break;
      case HEADER.eventTime:
        if (own.eventTime !== undefined || value.length > 15) return undefined;
        own.eventTime = value;
        break;
      case HEADER.seal:
        if (own.seal !== undefined) return undefined;
        own.seal = value;
        break;
      default:
        own.hasOthers = true;
    }
  }
  return own;
}
