import { KeyServiceFailure } from '../../encryption/key-service.js';
import type { VaultAnswer } from './vault-http.js';

/** What was asked. Vault refuses a damaged ciphertext with the status of a wrong request, so the two differ by this. */
export type VaultOperation = 'read-key' | 'generate' | 'decrypt' | 'allow-deletion' | 'delete';

const KEY_NOT_FOUND = 'encryption key not found';

/** What an answer other than 200 means. Nothing of its text leaves. */
export function failureOf({ status, body }: VaultAnswer, operation: VaultOperation): KeyServiceFailure {
  const reason = `${operation}-${status}`;
  switch (status) {
    case 400:
      if (errorsIn(body).includes(KEY_NOT_FOUND)) return new KeyServiceFailure('key-gone', 'key-not-found');
      // Also a version below min_decryption_version: a forger can name that, so it must not count against the key.
      return new KeyServiceFailure(operation === 'decrypt' ? 'data-key-refused' : 'key-refused', reason);
    case 403:
      return new KeyServiceFailure('key-refused', reason);
    case 404:
      return new KeyServiceFailure('key-gone', reason);
    default:
      return new KeyServiceFailure('away', reason);
  }
}

/** Vault answers 404 without an error for a key that is not there, and with one where nothing is mounted at the path. */
export function isUnknownKey({ status, body }: VaultAnswer): boolean {
  return status === 404 && errorsIn(body).length === 0 && typeof body === 'object' && body !== null;
}

function errorsIn(body: unknown): readonly unknown[] {
  const { errors } = (body ?? {}) as { errors?: unknown };
  return Array.isArray(errors) ? errors : [];
}
