import type { ErrorCodeEntry } from './error-code-entry.js';

/** The codes of the erasure of tenants: a part of `ERROR_CODES`. */
export const ERASURE_ERROR_CODES = {
  KEY_SHARED: {
    retryable: false,
    actor: 'operator',
    meaning: "A key was not destroyed for one tenant, because it is, or may be, another tenant's too.",
    remedy: 'Give each tenant a key of its own; where nobody but you can know that it has one, say exclusiveKeys.',
  },
  KEY_INDESTRUCTIBLE: {
    retryable: false,
    actor: 'operator',
    meaning: 'A key cannot be destroyed from here.',
    remedy: 'Do what the message says: it names what the key, its service or the client given to it lacks.',
  },
  ERASURE_NOT_ENTERED: {
    retryable: false,
    actor: 'operator',
    meaning: 'A tenant is to be erased and the configuration has no erasure entry for one of its keys.',
    remedy: 'Enter the key ids that the error lists in erasedKeks, in every process, then call again.',
  },
  CERTIFICATE_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: 'A certificate of erasure does not verify under the given key, or is none.',
    remedy: 'Read reason. Do not rely on it; ask whoever issued it for the original.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
