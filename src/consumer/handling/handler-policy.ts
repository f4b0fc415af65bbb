import type { HandlerOptions } from '../../api/handler.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import type { RetryPolicy } from './retry-policy.js';

/** How one handler is run, compiled from its options and its consumer's. */
export interface HandlerPolicy {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

/** The fields of `RetryOptions`, without defaults. */
export const retryFields = lazySchema((z) => {
  const ms = z.int().min(1).max(86_400_000);
  return {
    attempts: z.int().min(1).max(1_000),
    backoffMs: ms,
    maxBackoffMs: ms,
    isRetryable: z.custom<RetryPolicy['isRetryable']>((value) => typeof value === 'function', 'must be a function'),
  };
});

const handlerOptionsSchema = lazySchema((z) =>
  z.strictObject({
    retry: z.strictObject(retryFields()).partial().default({}),
    timeoutMs: z.int().min(1).max(86_400_000).optional(),
  }),
);

/**
 * What a handler's options say, and for the rest its consumer's.
 *
 * @param what - names the handler in errors
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function handlerPolicy(what: string, options: HandlerOptions, consumers: HandlerPolicy): HandlerPolicy {
  const { retry, timeoutMs } = checkOptions(what, handlerOptionsSchema, options);
  return {
    retry: {
      attempts: retry.attempts ?? consumers.retry.attempts,
      backoffMs: retry.backoffMs ?? consumers.retry.backoffMs,
      maxBackoffMs: retry.maxBackoffMs ?? consumers.retry.maxBackoffMs,
      isRetryable: retry.isRetryable ?? consumers.retry.isRetryable,
    },
    timeoutMs: timeoutMs ?? consumers.timeoutMs,
  };
}
