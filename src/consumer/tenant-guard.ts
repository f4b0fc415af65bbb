import { parseEventType } from '../contract/event-type.js';
import type { ErrorCode } from '../core/error-codes.js';
import { isEventId } from '../core/event-id.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { decodeUtf8 } from '../core/utf8.js';
import { HEADER } from '../record/header-names.js';
import { parseRecordKey } from '../record/record-key.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import { profileOf, type TenantDirectory } from '../tenant/directory.js';

/** What the clear parts of a record that keeps to its boundary say. */
export interface GuardedRecord {
  readonly tenantId: TenantId;
  readonly aggregateId: string;
  /** Type and version, as the header has them; not yet known to be handled. */
  readonly eventType: string;
  readonly eventId: string;
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

  /** @param scope - the one tenant that is served; undefined for a worker, which serves all of them */
  constructor(scope: TenantId | undefined, directory: TenantDirectory) {
    this.#scope = scope;
    this.#directory = directory;
  }

  check(record: ReceivedRecord): GuardVerdict {
    if (record.headers.length > MAX_HEADERS) return violation('TOO_MANY_HEADERS');
    const key = parseRecordKey(record.key);
    if (key === undefined) return violation('RECORD_KEY_INVALID');
    const headers = readHeaders(record);
    if (headers === undefined) return violation('RECORD_HEADER_INVALID');
    if (headers.tenantId !== key.tenantId) return violation('TENANT_MISMATCH');
    if (this.#scope !== undefined && this.#scope !== key.tenantId) return { kind: 'foreign' };
    const known = this.knows(key.tenantId);
    if (known === false) return violation('UNKNOWN_TENANT');
    const { tenantId, aggregateId } = key;
    return { kind: 'own', record: { ...headers, tenantId, aggregateId, undecided: known === undefined } };
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

type ReadHeaders = Omit<GuardedRecord, 'aggregateId' | 'undecided'>;

/** Reads the headers of ours, each of which may stand at most once. */
function readHeaders(record: ReceivedRecord): ReadHeaders | undefined {
  let tenantId: string | undefined;
  let eventType: string | undefined;
  let eventId: string | undefined;
  let eventTime: string | undefined;
  let seal: Buffer | undefined;
  for (const { name, value } of record.headers) {
    switch (name) {
      case HEADER.tenantId:
        if (tenantId !== undefined || value.length > 63) return undefined;
        tenantId = decodeUtf8(value) ?? '';
        break;
      case HEADER.eventType:
        if (eventType !== undefined || value.length > MAX_EVENT_TYPE_BYTES) return undefined;
        eventType = decodeUtf8(value) ?? '';
        break;
      case HEADER.eventId:
        if (eventId !== undefined || value.length > 128) return undefined;
        eventId = decodeUtf8(value) ?? '';
        break;
      case HEADER.eventTime:
        if (eventTime !== undefined || value.length > 15) return undefined;
        eventTime = decodeUtf8(value) ?? '';
        break;
      case HEADER.seal:
        if (seal !== undefined) return undefined;
        seal = value;
        break;
      default:
    }
  }
  if (
    !isTenantId(tenantId) ||
    eventType === undefined ||
    parseEventType(eventType) === undefined ||
    !isEventId(eventId)
  )
    return undefined;
  if (eventTime !== undefined && !EVENT_TIME.test(eventTime)) return undefined;
  return { tenantId, eventType, eventId, seal, eventTimeMs: eventTime === undefined ? undefined : Number(eventTime) };
}
