import { crc32 } from 'node:zlib';
import { isTenantId, type TenantId } from '../../core/tenant-id.js';

/** Whom records belong to whose key names no tenant. No tenant id begins with `_`. */
export const NOBODY = '_';

/** Whose queue, bounds and cursor a record counts for. */
export type Owner = TenantId | typeof NOBODY;

const COLON = 0x3a;
/** The longest tenant id. */
const MAX_ID_BYTES = 63;

/**
 * The owner of a record: the tenant id before the first `:` of its key. It depends on nothing else, neither on
 * headers nor on any configuration, because cursors that were committed under one rule and read under another
 * would lose records. It is frozen with version 1 of the commit metadata.
 */
export function ownerOf(key: Buffer | null): Owner {
  if (key === null) return NOBODY;
  const colon = key.indexOf(COLON);
  if (colon <= 0 || colon > MAX_ID_BYTES) return NOBODY;
  const id = key.toString('latin1', 0, colon);
  return isTenantId(id) ? id : NOBODY;
}

/** An owner in 32 bits, as the commit metadata names it. Where two collide, some of their records are delivered again. */
export function fingerprintOf(owner: string): number {
  return crc32(owner);
}
