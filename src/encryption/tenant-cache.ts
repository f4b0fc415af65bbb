import type { TenantId } from '../core/tenant-id.js';
import { LruMap } from '../core/lru-map.js';

/**
 * Entries per tenant, bounded twice: a tenant with many entries can push out only its own, and over all
 * tenants the one that was not used for the longest time gives way.
 */
export class TenantCache<V extends object | number> {
  readonly #perTenant: number;
  readonly #overall: number;
  readonly #tenants = new LruMap<TenantId, LruMap<string, V>>(Infinity);
  #size = 0;

  constructor(bounds: { readonly perTenant: number; readonly overall: number }) {
    this.#perTenant = bounds.perTenant;
    this.#overall = bounds.overall;
  }

  get size(): number {
    return this.#size;
  }

  get(tenantId: TenantId, key: string): V | undefined {
    return this.#tenants.get(tenantId)?.get(key);
  }

  set(tenantId: TenantId, key: string, value: V): void {
    let entries = this.#tenants.get(tenantId);
    if (entries === undefined) {
      entries = new LruMap(this.#perTenant);
      this.#tenants.set(tenantId, entries);
    }
    const before = entries.size;
    entries.set(key, value);
    this.#size += entries.size - before;
    if (this.#size > this.#overall) this.#dropOldest();
  }

  delete(tenantId: TenantId, key: string): void {
    const entries = this.#tenants.get(tenantId);
    if (entries === undefined) return;
    const before = entries.size;
    entries.delete(key);
    this.#size -= before - entries.size;
    if (entries.size === 0) this.#tenants.delete(tenantId);
  }

  /** A tenant's entries. It counts as no use of them. */
  *entriesOf(tenantId: TenantId): IterableIterator<[string, V]> {
    yield* this.#tenants.get(tenantId) ?? [];
  }

  deleteTenant(tenantId: TenantId): void {
    this.#size -= this.#tenants.get(tenantId)?.size ?? 0;
    this.#tenants.delete(tenantId);
  }

  clear(): void {
    this.#tenants.clear();
    this.#size = 0;
  }

  #dropOldest(): void {
    const oldest = this.#tenants.oldest();
    if (oldest === undefined) return;
    const [tenantId, entries] = oldest;
    entries.dropOldest();
    this.#size -= 1;
    if (entries.size === 0) this.#tenants.delete(tenantId);
  }
}
