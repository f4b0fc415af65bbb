import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { TenantId } from '../core/tenant-id.js';
import { labelled } from './associated-data.js';
import { SUITE } from './envelope-layout.js';

/** Every key of the format: tenant KEKs, data keys and record keys. */
export const KEY_BYTES = 32;

const DEK_ID_LABEL = Buffer.from('tenantry/1/dek-id');
const RECORD_KEY_LABEL = Buffer.concat([Buffer.from('tenantry/1/record-key'), Buffer.of(SUITE)]);

/**
 * The id of a data key: HMAC-SHA256 (RFC 2104) of the tenant under it. It finds the key, binds the tenant and
 * commits to the key, which AES-GCM alone does not.
 *
 * @param dek - of exactly 32 bytes: HMAC gives a shorter key and the same key padded with zeros one id
 */
export function deriveDekId(dek: KeyObject, tenantId: TenantId): Buffer {
  return createHmac('sha256', dek)
    .update(labelled(DEK_ID_LABEL, { lp: tenantId }))
    .digest();
}

/** The key that seals records: HKDF-SHA256 (RFC 5869), one for each process, tenant and salt. */
export function deriveRecordKey(dek: KeyObject, salt: Uint8Array, tenantId: TenantId): KeyObject {
  const info = labelled(RECORD_KEY_LABEL, { lp: tenantId });
  return takeSecretKey(Buffer.from(hkdfSync('sha256', dek, salt, info, KEY_BYTES)));
}

/** Moves raw key bytes into a `KeyObject`, outside the JavaScript heap, and wipes them where they were. */
export function takeSecretKey(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
