import type { TenantId } from '../core/tenant-id.js';
import type { SendPipeline } from '../producer/send-pipeline.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';
import { assertKnownTenant, type TenantDirectory } from '../tenant/directory.js';
import type { ErasureEntries } from '../tenant/erasure-entries.js';

/** What the scopes of a client share. */
export interface ScopeParts {
  readonly pipeline: SendPipeline;
  readonly ambient: AmbientTenant;
  readonly directory: TenantDirectory;
  readonly erasure: ErasureEntries;
}

/**
 * Refuses work for a tenant inside another tenant's context and for a tenant that is not known any more. It is
 * asked at every call, because a handle lives as long as somebody keeps it.
 *
 * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, `UNKNOWN_TENANT`
 */
export function assertMayAct({ ambient, directory }: ScopeParts, tenantId: TenantId): void {
  ambient.assertMayActFor(tenantId);
  assertKnownTenant(directory, tenantId);
}

/**
 * Refuses also what is to be published for an erased tenant; its backlog may still be consumed.
 *
 * @throws TenantryError as of `assertMayAct`, and `TENANT_ERASED`
 */
export function assertMayPublish(parts: ScopeParts, tenantId: TenantId): void {
  assertMayAct(parts, tenantId);
  parts.erasure.assertMayPublish(tenantId);
}
