import type { z } from 'zod';
import { lazySchema } from '../core/lazy-schema.js';
import type { TenantRateLimit } from '../tenant/directory.js';

/**
 * How fast one tenant may publish. Both limits hold together; one that is left out does not limit.
 *
 * - `eventsPerSecond`: 0.001 to 1,000,000,000
 * - `bytesPerSecond`: 1 to 1,000,000,000,000; counted are key, sealed value, headers and 70 bytes a record
 */
export const tenantRateLimitSchema = lazySchema((z) =>
  z.strictObject({
    eventsPerSecond: z.number().min(0.001).max(1e9).optional(),
    bytesPerSecond: z.number().min(1).max(1e12).optional(),
  }),
);

/** The option `rateLimit`; `RateLimitOptions` documents it. */
export const rateLimitSchema = lazySchema((z) =>
  z.strictObject({
    default: tenantRateLimitSchema().optional(),
    onLimit: z.enum(['wait', 'reject']).default('wait'),
    maxWaitMs: z.int().min(0).max(86_400_000).default(30_000),
    maxWaiting: z.int().min(1).max(1_000_000).default(10_000),
    burstMs: z.int().min(1).max(60_000).default(1_000),
  }),
);

/**
 * The option `rateLimit`.
 *
 * - `default`: the limits of a tenant whose profile sets none; each of the two is looked up by itself. Default: no limit
 * - `onLimit`: `wait` queues a publish until its tenant has room again, `reject` fails it with `RATE_LIMITED`. Default `wait`
 * - `maxWaitMs`: a publish that would wait longer fails with `RATE_LIMITED`. Default 30,000
 * - `maxWaiting`: publishes of one tenant that wait at once; one more fails with `PUBLISH_QUEUE_FULL`. Default 10,000
 * - `burstMs`: how much of its rate an idle tenant may use at once, in milliseconds of that rate. Default 1,000:
 *   a request that publishes a second's worth is not slowed down, and no second ever sees more than twice the rate
 *
 * @interface
 */
export type RateLimitOptions = z.input<ReturnType<typeof rateLimitSchema>>;

/** The limits that hold for a tenant: its own where it has them, else the default. */
export function effectiveRateLimit(
  own: TenantRateLimit | undefined,
  fallback: TenantRateLimit | undefined,
): TenantRateLimit | undefined {
  if (own === undefined || fallback === undefined) return own ?? fallback;
  return {
    eventsPerSecond: own.eventsPerSecond ?? fallback.eventsPerSecond,
    bytesPerSecond: own.bytesPerSecond ?? fallback.bytesPerSecond,
  };
}
