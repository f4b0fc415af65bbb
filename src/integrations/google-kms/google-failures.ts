import { KeyServiceFailure } from '../../encryption/key-service.js';

/** Status codes of gRPC that say something of a key or of a ciphertext; all others are no answer. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;

export type GoogleOperation = 'encrypt' | 'decrypt' | 'destroy';

/** The reason of a failure by the state of a key. */
export const NOT_USABLE = 'FAILED_PRECONDITION';

/** Classifies what a call of the client rejected with. Only a code leaves. */
export function failureOf(error: unknown, operation: GoogleOperation): KeyServiceFailure {
  const { code, statusDetails } = (error ?? {}) as { code?: unknown; statusDetails?: unknown };
  switch (code) {
    case INVALID_ARGUMENT:
      // Of a decryption: the ciphertext is damaged, or was made for another tenant or by another key.
      return new KeyServiceFailure(operation === 'decrypt' ? 'data-key-refused' : 'key-refused', 'INVALID_ARGUMENT');
    case NOT_FOUND:
      return new KeyServiceFailure('key-gone', 'NOT_FOUND');
    case PERMISSION_DENIED:
      return new KeyServiceFailure('key-refused', 'PERMISSION_DENIED');
    case FAILED_PRECONDITION:
      return isDestroyed(statusDetails)
        ? new KeyServiceFailure('key-gone', 'KEY_DESTROYED')
        : new KeyServiceFailure('key-refused', NOT_USABLE);
    default:
      return new KeyServiceFailure('away', typeof code === 'number' ? `code-${code}` : 'no-answer');
  }
}

/** A `google.rpc.PreconditionFailure` says in which state the version of the key is. */
function isDestroyed(details: unknown): boolean {
  if (!Array.isArray(details)) return false;
  return details.some((detail) => {
    const { violations } = (detail ?? {}) as { violations?: unknown };
    return (
      Array.isArray(violations) &&
      violations.some((violation) => (violation as { type?: unknown } | null)?.type === 'KEY_DESTROYED')
    );
  });
}
