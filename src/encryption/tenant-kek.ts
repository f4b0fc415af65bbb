import type { TenantId } from '../core/tenant-id.js';

/** One key encryption key of one tenant: what the key service is asked about. */
export interface TenantKek {
  readonly tenantId: TenantId;
  readonly kekId: Buffer;
  /** As the key of maps. */
  readonly name: string;
}

export function tenantKek(tenantId: TenantId, kekId: Buffer): TenantKek {
  return { tenantId, kekId, name: `${tenantId}:${kekId.toString('hex')}` };
}

/** The tenant of a name: no tenant id has a colon. */
export function tenantOfKek(name: string): string {
  return name.slice(0, name.indexOf(':'));
}
