import { createHash } from 'node:crypto';
import type { TenantId } from '../../core/tenant-id.js';
import type { KeyService } from '../../encryption/key-service.js';
import { localKeyring } from '../../encryption/local-keyring.js';
import { LOCAL_BLOB_BYTES } from '../../encryption/local-wrap.js';

/**
 * A key service for tests that has a key for every tenant. The key is made of the tenant's id, so that all processes
 * have the same and no configuration is needed; whoever knows the id has the key.
 */
export const testKeyring: KeyService = {
  maxBlobBytes: LOCAL_BLOB_BYTES,
  kekIds: (tenantId) => ringOf(tenantId).kekIds(tenantId),
  generateDataKey: (tenantId, kekId, signal) => ringOf(tenantId).generateDataKey(tenantId, kekId, signal),
  unwrapDataKey: (tenantId, kekId, blob, signal) => ringOf(tenantId).unwrapDataKey(tenantId, kekId, blob, signal),
};

function ringOf(tenantId: TenantId): KeyService {
  return localKeyring({ keys: { [tenantId]: createHash('sha256').update(`tenantry test key ${tenantId}`).digest() } });
}
