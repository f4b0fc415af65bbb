import type { TenantId } from '../core/tenant-id.js';
import type { ConsumerOptions, TenantConsumer } from './consumer.js';
import type { Publisher } from './publisher.js';

/** A handle bound to one tenant: nothing done through it can name another. */
export interface TenantScope extends Publisher {
  readonly id: TenantId;
  /**
   * A consumer of this tenant's events, in the group `{tenantId}.{group}`.
   *
   * @throws TenantryError `INVALID_OPTIONS`, `NOT_RUNNING`, `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`,
   * `UNKNOWN_TENANT`
   */
  consumer(group: string, options?: ConsumerOptions): TenantConsumer;
  /**
   * Runs `work` with this tenant ambient: `kafka.publish` in it, and in all it awaits, publishes for this tenant.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION` where another tenant is ambient already,
   * `TENANT_CONTEXT_EXPIRED`, `UNKNOWN_TENANT`
   */
  run<T>(work: () => T): T;
}
