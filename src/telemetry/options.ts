import type { z } from 'zod';
import { lazySchema } from '../core/lazy-schema.js';
import { isTenantId } from '../core/tenant-id.js';

// SDKs keep 2,000 combinations of attributes a metric, and then drop all of them: the largest of ours has
// a tenant and one of about fifteen codes.
const MAX_LISTED_TENANTS = 100;

/** The option `telemetry`; `TelemetryOptions` documents it. */
export const telemetrySchema = lazySchema((z) => {
  const tenantId = z.string().refine(isTenantId, 'must be a tenant id');
  return z.strictObject({
    traceContext: z.enum(['parent', 'link']).default('parent'),
    metrics: z.strictObject({ tenants: z.array(tenantId).max(MAX_LISTED_TENANTS).readonly().default([]) }).prefault({}),
  });
});

/**
 * The option `telemetry`.
 *
 * - `traceContext`: whether the span of a handled event is a child of its publish (`parent`), so that one
 *   trace shows both, or the root of its own trace with a link to it (`link`), which suits long waits and
 *   other sampling. Default `parent`
 * - `metrics.tenants`: tenants that metrics tell apart, at most 100; all others are counted together as
 *   `_other`, so that a million tenants make no million time series. Default: none. Spans and logs always
 *   name the tenant
 *
 * @interface
 */
export type TelemetryOptions = z.input<ReturnType<typeof telemetrySchema>>;

/** The option `telemetry` with its defaults filled in. */
export type ResolvedTelemetryOptions = z.output<ReturnType<typeof telemetrySchema>>;
