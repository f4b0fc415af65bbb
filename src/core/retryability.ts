import { isTenantryError } from './errors.js';

/**
 * The one classifier of retryability: an error of this library says it itself by its code; any other
 * error, one thrown by a handler for instance, is taken to be passing.
 */
export function isRetryable(error: unknown): boolean {
  return isTenantryError(error) ? error.retryable : true;
}
