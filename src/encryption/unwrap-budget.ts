import { LruMap } from '../core/lru-map.js';
import type { TenantId } from '../core/tenant-id.js';

/** Wrapped data keys of one tenant that are unwrapped in any one second, where they are not known yet. */
export const UNWRAPS_PER_SECOND = 20;
const SECOND_MS = 1_000;
const MAX_TENANTS = 10_000;

/** When the last unwraps of a tenant were. */
interface Window {
  readonly atMs: Float64Array;
  oldest: number;
}

/**
 * Bounds what forged records can cost: whoever may write to a topic may write records with as many wrapped data keys as
 * they like, and each could make a call that is paid for and counts against the quota of all tenants.
 */
export class UnwrapBudget {
  readonly #windows = new LruMap<TenantId, Window>(MAX_TENANTS);

  /** @returns whether the tenant may have one more data key unwrapped */
  take(tenantId: TenantId, nowMs: number): boolean {
    let window = this.#windows.get(tenantId);
    if (window === undefined) {
      window = { atMs: new Float64Array(UNWRAPS_PER_SECOND).fill(Number.NEGATIVE_INFINITY), oldest: 0 };
      this.#windows.set(tenantId, window);
    }
    const { atMs, oldest } = window;
    if (nowMs < (atMs[oldest] ?? 0) + SECOND_MS) return false;
    atMs[oldest] = nowMs;
    window.oldest = (oldest + 1) % UNWRAPS_PER_SECOND;
    return true;
  }
}
