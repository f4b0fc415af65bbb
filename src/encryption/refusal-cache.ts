import { createHash } from 'node:crypto';
import type { TenantId } from '../core/tenant-id.js';
import { TenantCache } from './tenant-cache.js';

const KEPT_MS = 10 * 60_000;
const BOUNDS = { perTenant: 1_000, overall: 20_000 } as const;

/**
 * Remembers wrapped data keys that the key service refused, so that a forged record asks it once. It goes by
 * the wrapped bytes alone, all of them: by anything a forger can copy from a good record, a forgery would
 * shut out the good ones.
 */
export class RefusalCache {
  readonly #refusedUntilMs = new TenantCache<number>(BOUNDS);

  has(tenantId: TenantId, wrapped: Buffer, nowMs: number): boolean {
    const untilMs = this.#refusedUntilMs.get(tenantId, digest(wrapped));
    return untilMs !== undefined && nowMs < untilMs;
  }

  add(tenantId: TenantId, wrapped: Buffer, nowMs: number): void {
    this.#refusedUntilMs.set(tenantId, digest(wrapped), nowMs + KEPT_MS);
  }

  clear(): void {
    this.#refusedUntilMs.clear();
  }
}

function digest(wrapped: Buffer): string {
  return createHash('sha256').update(wrapped).digest('base64');
}
