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

/** What a name was made of: no tenant id has a colon. */
export function kekNamed(name: string): TenantKek {
  const colon = name.indexOf(':');
  return { tenantId: name.slice(0, colon) as TenantId, kekId: Buffer.from(name.slice(colon + 1), 'hex'), name };
}
