import type { TenantId } from '../core/tenant-id.js';

/** How fast a tenant may publish. Both limits hold together; a missing one does not limit. */
export interface TenantRateLimit {
  readonly eventsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

/** What is known of a tenant beside its id. */
export interface TenantProfile {
  /** Publish limits of this tenant; what is missing comes from `rateLimit.default`. */
  readonly rateLimit?: TenantRateLimit | undefined;
  /** Share of a worker's capacity relative to other tenants. Default 1. */
  readonly weight?: number | undefined;
}

/**
 * Where tenant profiles come from. `get` is synchronous, because it is asked for every record: an
 * implementation keeps what it needs in memory.
 */
export interface TenantDirectory {
  /** The profile of a tenant, or undefined where the tenant is not known; then it is refused. */
  get(tenantId: TenantId): TenantProfile | undefined;
}

const EMPTY_PROFILE: TenantProfile = Object.freeze({});

/** Every well-formed id is a tenant, with nothing special about it: used when no tenants are configured. */
export const openDirectory: TenantDirectory = { get: () => EMPTY_PROFILE };

/** A directory of fixed profiles; ids that are not in it are refused. */
export function staticDirectory(profiles: ReadonlyMap<TenantId, TenantProfile>): TenantDirectory {
  return { get: (tenantId) => profiles.get(tenantId) };
}
