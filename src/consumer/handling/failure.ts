import type { ErrorCode } from '../../core/error-codes.js';
import { isTenantryError } from '../../core/errors.js';

/** What is done with a record that could not be handled. */
export type FailureKind =
  /** It contradicts its tenant boundary: copied to quarantine. */
  | 'quarantine'
  /** It can never be handled: copied to the dead-letter topic. */
  | 'dead-letter'
  /** The handler may succeed later: tried again, as often as the policy allows. */
  | 'retry'
  /** Something the record does not answer for is away: tried again for as long as it takes. */
  | 'hold'
  /** It can never be opened again, on purpose: passed over. */
  | 'erased';

const QUARANTINED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RECORD_KEY_INVALID',
  'RECORD_HEADER_INVALID',
  'TENANT_MISMATCH',
  'TOO_MANY_HEADERS',
  'ENVELOPE_MALFORMED',
  'ENVELOPE_UNSUPPORTED',
  'SEAL_MISSING',
  'SEAL_INVALID',
  'KEY_MISMATCH',
  'KEY_REFUSED',
  'KEY_NOT_CONFIGURED',
  'DATA_KEY_REVOKED',
  'SEALED_FIELDS_INVALID',
]);

const HELD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  // The guard knew the tenant: what cannot be told is whether it is erased.
  'UNKNOWN_TENANT',
  'KEY_SERVICE_AWAY',
  'KEY_GONE',
  'DATA_KEY_RATE_LIMITED',
  'DATA_KEY_INVALID',
  // Of the consumer's own contract: its events wait for one that is right.
  'INVALID_CONTRACT',
  'SCHEMA_REGISTRY_AWAY',
  'SCHEMA_REGISTRY_DENIED',
]);

/** What becomes of a record that could not be opened, decoded or validated. */
export function openingFailure(error: unknown): { readonly kind: FailureKind; readonly code: ErrorCode } {
  if (!isTenantryError(error)) return { kind: 'dead-letter', code: 'PAYLOAD_MALFORMED' };
  const { code } = error;
  if (code === 'TENANT_ERASED') return { kind: 'erased', code };
  if (isTenantryError(error, 'KEY_REFUSED') && error.refused === 'key') return { kind: 'hold', code };
  if (QUARANTINED.has(code)) return { kind: 'quarantine', code };
  return { kind: HELD.has(code) ? 'hold' : 'dead-letter', code };
}
