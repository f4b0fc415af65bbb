import { KeyServiceFailure } from '../../encryption/key-service.js';

export type AzureOperation = 'encrypt' | 'decrypt' | 'delete' | 'read-deleted' | 'purge';

/**
 * Classifies what a call of the client rejected with, by the status of Azure's answer. Credentials that Azure does not
 * take (401) say nothing of a tenant's key, so they count as no answer.
 */
export function failureOf(error: unknown, operation: AzureOperation): KeyServiceFailure {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  const reason = typeof statusCode === 'number' ? `${operation}-${statusCode}` : 'no-answer';
  switch (statusCode) {
    case 400:
      // Of a decryption: the ciphertext is damaged, or was made for another tenant. Of an encryption: no key for AES.
      return new KeyServiceFailure(operation === 'decrypt' ? 'data-key-refused' : 'key-refused', reason);
    case 403:
    case 409:
      return new KeyServiceFailure('key-refused', reason);
    case 404:
      return new KeyServiceFailure('key-gone', reason);
    default:
      return new KeyServiceFailure('away', reason);
  }
}
