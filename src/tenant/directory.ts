import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import { isKekIdList } from './kek-id.js';

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
  /**
   * The ids of the tenant's keys that were destroyed to erase it, 16 lower-case hex digits each. With any of them
   * nothing is published for the tenant any more, and a record that is sealed under one and that its key service says
   * can never be opened is passed over as `erased`. A tenant that is erased keeps its profile. Default: none.
   */
  readonly erasedKeks?: readonly string[] | undefined;
}

/**
 * Where tenant profiles come from. `get` is synchronous, because it is asked for every record: an
 * implementation keeps what it needs in memory. One that answers with a promise, or with anything else
 * than a profile, lets nobody in: publishing fails with `UNKNOWN_TENANT`, and records go to quarantine. With one that
 * throws publishing fails too, but its answer counts for nothing: the tenant's records are held, those of others are
 * handled, and it is asked again until it answers.
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

/**
 * The profile of a tenant, or undefined where it must be refused. A directory is code of the application, so its
 * answer is checked: a missing `await`, a null or a NaN must not read as a tenant without limits.
 *
 * @throws TenantryError `UNKNOWN_TENANT` where the directory throws: it does not say what
 */
export function profileOf(directory: TenantDirectory, tenantId: TenantId): TenantProfile | undefined {
  try {
    const answer: unknown = directory.get(tenantId);
    if (isProfile(answer)) return answer;
    // A promise that nobody waits for must not end the process where it rejects.
    if (answer instanceof Promise) answer.catch(() => undefined);
    return undefined;
  } catch {
    throw tenantryError('UNKNOWN_TENANT', `the directory threw when it was asked for tenant ${tenantId}`);
  }
}

/** @throws TenantryError `UNKNOWN_TENANT` */
export function assertKnownTenant(directory: TenantDirectory, tenantId: TenantId): void {
  if (profileOf(directory, tenantId) !== undefined) return;
  throw tenantryError(
    'UNKNOWN_TENANT',
    `tenant ${tenantId} has no usable profile, and only tenants with one are served: add it to the option tenants`,
  );
}

function isProfile(value: unknown): value is TenantProfile {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (typeof (value as { readonly then?: unknown }).then === 'function') return false;
  const { rateLimit, weight, erasedKeks } = value as Record<keyof TenantProfile, unknown>;
  return (
    isRateOrAbsent(weight) &&
    (rateLimit === undefined || isRateLimit(rateLimit)) &&
    (erasedKeks === undefined || isKekIdList(erasedKeks))
  );
}

function isRateLimit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { eventsPerSecond, bytesPerSecond } = value as Record<keyof TenantRateLimit, unknown>;
  return isRateOrAbsent(eventsPerSecond) && isRateOrAbsent(bytesPerSecond);
}

function isRateOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY);
}
