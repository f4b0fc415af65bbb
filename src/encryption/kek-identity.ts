import { createHash } from 'node:crypto';
import type { TenantId } from '../core/tenant-id.js';
import { labelled } from './associated-data.js';
import { KEK_ID_BYTES } from './envelope-layout.js';

const LABEL = Buffer.from('tenantry/1/kek');

/** The id of a key that a key service holds: the first bytes of the SHA-256 of the name that the configuration gives it. */
export function kekIdOf(keyUri: string): Buffer {
  return createHash('sha256')
    .update(labelled(LABEL, { lp: keyUri }))
    .digest()
    .subarray(0, KEK_ID_BYTES);
}

/** What a key service authenticates with a wrapped data key, so that it unwraps for no other tenant. */
export function tenantContext(tenantId: TenantId): Buffer {
  return labelled(LABEL, { lp: tenantId });
}
