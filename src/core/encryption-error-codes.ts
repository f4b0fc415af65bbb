import type { ErrorCodeEntry } from './error-code-entry.js';

/** The codes of keys and seals, as part of the table in `error-codes.ts`. */
export const ENCRYPTION_ERROR_CODES = {
  KEY_NOT_CONFIGURED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The tenant has no key encryption key in the configuration.',
    remedy: 'Add a key for the tenant.',
  },
  KEY_SERVICE_AWAY: {
    retryable: true,
    actor: 'operator',
    meaning: 'The key service did not answer, or asked to come back later.',
    remedy: 'Restore the key service; work for the tenant resumes by itself.',
  },
  KEY_REFUSED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The key service refused this key or this wrapped data key.',
    remedy: 'Check the key and its permissions; for a record, inspect it in quarantine.',
  },
  KEY_GONE: {
    retryable: false,
    actor: 'operator',
    meaning: 'The key service knows no such key: it was destroyed, or its name in the configuration is wrong.',
    remedy: 'Correct the name, or restore the key; work for the tenant resumes by itself and nothing is lost.',
  },
  DATA_KEY_RATE_LIMITED: {
    retryable: true,
    actor: 'time',
    meaning: "A tenant's records bring more unknown wrapped data keys than are unwrapped in a second.",
    remedy: 'None: they are opened in time. Where it lasts, find out who writes such records.',
  },
  DATA_KEY_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: 'The key service returned a data key that is not 32 bytes.',
    remedy: 'Check the key service and its driver.',
  },
  ENVELOPE_MALFORMED: {
    retryable: false,
    actor: 'operator',
    meaning: 'Bytes that should be an encryption envelope are not one.',
    remedy: 'Inspect the record in quarantine: it was cut, altered or never sealed.',
  },
  ENVELOPE_UNSUPPORTED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The envelope has a version, suite or flag this library does not accept.',
    remedy: 'Upgrade the consumer, or inspect the record in quarantine.',
  },
  SEAL_MISSING: {
    retryable: false,
    actor: 'operator',
    meaning: 'The contract is protected and the record carries no seal.',
    remedy: 'Inspect the record in quarantine; find out who wrote it.',
  },
  KEY_MISMATCH: {
    retryable: false,
    actor: 'operator',
    meaning: "The envelope's key id does not commit to its wrapped key and tenant.",
    remedy: 'Inspect the record in quarantine: it is forged or damaged.',
  },
  SEAL_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: 'The record does not authenticate: it was altered or moved from where it was sealed.',
    remedy: 'Inspect the record in quarantine: it is forged or damaged.',
  },
  DATA_KEY_REVOKED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The record was sealed under a data key that is revoked for its tenant.',
    remedy: 'Inspect the record in quarantine: the key is known to be leaked.',
  },
  SEALED_FIELDS_INVALID: {
    retryable: false,
    actor: 'application',
    meaning: 'A field that the contract seals stands in the clear or has no place, or another one is sealed.',
    remedy: "Correct the contract's fields or the data; inspect a record in quarantine.",
  },
} as const satisfies Record<string, ErrorCodeEntry>;
