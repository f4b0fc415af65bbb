import type { ErrorCode } from '../../core/error-codes.js';
import { isTenantryError } from '../../core/errors.js';

/**
 * What a caller is told in place of an error's message where the fault is not the caller's: that may name another
 * tenant, a broker or a key service.
 */
export const NOT_TOLD = 'the server has failed; its log says why';

/** Whether the message of an error is for the caller, by the status that it is answered with. */
export function isToldWith(statusCode: number): boolean {
  return statusCode < 500;
}

/** How an error of this library is answered over HTTP. */
export interface HttpAnswer {
  readonly statusCode: number;
  /** The header `Retry-After`, where it is known when another try may succeed. */
  readonly retryAfterSeconds?: number;
}

/** What a client can do something about, or what is not its fault and will pass. All else is a fault of the application. */
const STATUS_CODES: Partial<Record<ErrorCode, number>> = {
  RATE_LIMITED: 429,
  PUBLISH_QUEUE_FULL: 429,
  TENANT_ERASED: 403,
  BROKER_UNREACHABLE: 503,
  KEY_SERVICE_AWAY: 503,
  SCHEMA_REGISTRY_AWAY: 503,
  PUBLISH_FAILED: 503,
  NOT_RUNNING: 503,
  DELIVERY_UNKNOWN: 504,
};

/** The answer to an error that the application did not catch; undefined where it is the framework's to give. */
export function httpAnswerOf(error: unknown): HttpAnswer | undefined {
  if (!isTenantryError(error)) return undefined;
  const { statusCode = STATUS_CODES[error.code] } = error as { readonly statusCode?: number };
  if (statusCode === undefined) return undefined;
  if (!isTenantryError(error, 'RATE_LIMITED')) return { statusCode };
  return { statusCode, retryAfterSeconds: Math.max(1, Math.ceil(error.retryAfterMs / 1_000)) };
}
