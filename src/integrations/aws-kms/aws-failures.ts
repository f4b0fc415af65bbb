import { KeyServiceFailure, type KeyServiceFailureKind } from '../../encryption/key-service.js';

/** The error of a key that waits for its deletion, among others. */
export const INVALID_STATE = 'KMSInvalidStateException';

/**
 * What an error of the SDK means, by its name: messages are often empty and not for logs. Credentials that AWS does
 * not take say nothing of a tenant's key, so they count as no answer.
 *
 * See the errors of `GenerateDataKey`, `Decrypt` and `ScheduleKeyDeletion` in the AWS KMS API reference.
 */
const KINDS: ReadonlyMap<string, KeyServiceFailureKind> = new Map<string, KeyServiceFailureKind>([
  ['InvalidCiphertextException', 'data-key-refused'],
  ['IncorrectKeyException', 'data-key-refused'],
  ['NotFoundException', 'key-gone'],
  ['AccessDeniedException', 'key-refused'],
  ['DisabledException', 'key-refused'],
  ['InvalidArnException', 'key-refused'],
  ['InvalidGrantTokenException', 'key-refused'],
  ['InvalidKeyUsageException', 'key-refused'],
  [INVALID_STATE, 'key-refused'],
  ['UnsupportedOperationException', 'key-refused'],
  ['ValidationException', 'key-refused'],
  ['AbortError', 'away'],
  ['CredentialsProviderError', 'away'],
  ['DependencyTimeoutException', 'away'],
  ['ExpiredTokenException', 'away'],
  ['InternalFailure', 'away'],
  ['InvalidSignatureException', 'away'],
  ['KMSInternalException', 'away'],
  ['KeyUnavailableException', 'away'],
  ['LimitExceededException', 'away'],
  ['ServiceUnavailable', 'away'],
  ['ThrottlingException', 'away'],
  ['TimeoutError', 'away'],
  ['UnrecognizedClientException', 'away'],
]);

/** Classifies what a call of the SDK rejected with. Only a name of the table leaves, or a status. */
export function failureOf(error: unknown): KeyServiceFailure {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: unknown } };
  const kind = typeof name === 'string' ? KINDS.get(name) : undefined;
  if (kind !== undefined) return new KeyServiceFailure(kind, name as string);
  const status = $metadata?.httpStatusCode;
  return new KeyServiceFailure('away', typeof status === 'number' ? `status-${status}` : 'no-answer');
}
