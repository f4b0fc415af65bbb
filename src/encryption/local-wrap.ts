import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto';
import type { TenantId } from '../core/tenant-id.js';
import { labelled } from './associated-data.js';
import { KEK_ID_BYTES, TAG_BYTES } from './envelope-layout.js';
import { KEY_BYTES } from './key-derivation.js';

const ALGORITHM = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES } as const;
const KEK_ID_LABEL = Buffer.from('tenantry/1/kek-id');
const WRAP_LABEL = Buffer.from('tenantry/1/local-wrap');

export const WRAP_NONCE_BYTES = 12;
/** `nonce ‖ ciphertext ‖ tag`. */
export const LOCAL_BLOB_BYTES = WRAP_NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** A key encryption key held in this process. */
export interface LocalKek {
  readonly id: Buffer;
  readonly key: KeyObject;
}

/** The id of a local key: it tells two keys apart and tells nothing of either. */
export function localKekId(key: KeyObject): Buffer {
  return createHmac('sha256', key).update(KEK_ID_LABEL).digest().subarray(0, KEK_ID_BYTES);
}

/** Wraps a data key for one tenant. */
export function wrapLocally(kek: LocalKek, tenantId: TenantId, dek: Uint8Array, nonce: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, kek.key, nonce, OPTIONS);
  cipher.setAAD(boundTo(kek, tenantId));
  const ciphertext = cipher.update(dek);
  cipher.final();
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

/** @returns undefined where the blob is not this tenant's data key under this key */
export function unwrapLocally(kek: LocalKek, tenantId: TenantId, blob: Buffer): Buffer | undefined {
  if (blob.length !== LOCAL_BLOB_BYTES) return undefined;
  const decipher = createDecipheriv(ALGORITHM, kek.key, blob.subarray(0, WRAP_NONCE_BYTES), OPTIONS);
  decipher.setAuthTag(blob.subarray(WRAP_NONCE_BYTES + KEY_BYTES));
  decipher.setAAD(boundTo(kek, tenantId));
  const dek = decipher.update(blob.subarray(WRAP_NONCE_BYTES, WRAP_NONCE_BYTES + KEY_BYTES));
  try {
    decipher.final();
    return dek;
  } catch {
    dek.fill(0);
    return undefined;
  }
}

function boundTo(kek: LocalKek, tenantId: TenantId): Buffer {
  return labelled(WRAP_LABEL, kek.id, { lp: tenantId });
}
