import type { TenantId } from '../core/tenant-id.js';

/** What one record costs. */
export interface RecordCost {
  /** Key, sealed value, headers and 70 bytes. */
  readonly bytes: number;
}

/**
 * Decides how fast each tenant may publish: locally and at once, without a network call for a record. A
 * cluster-wide limiter leases shares in the background and decides from them.
 */
export interface RateLimiter {
  /**
   * Admits one record and charges it, or charges nothing.
   *
   * @returns 0 where it is admitted, else after how many milliseconds the same call can succeed if nothing
   * else is charged meanwhile
   */
  tryAdmit(tenantId: TenantId, cost: RecordCost): number;
  /** Charges without asking, into debt where need be: for copies that must be made. */
  charge(tenantId: TenantId, cost: RecordCost): void;
  /** Gives back what was charged for a record that could not be sealed. */
  refund(tenantId: TenantId, cost: RecordCost): void;
}
