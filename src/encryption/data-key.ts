import type { KeyObject } from 'node:crypto';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import { KEK_ID_BYTES, MAX_WRAPPED_BYTES } from './envelope-layout.js';
import { deriveDekId, deriveRecordKey, KEY_BYTES, takeSecretKey } from './key-derivation.js';

/** A tenant's data key (DEK). There is no way to make one that goes round the checks in `accept`. */
export class DataKey {
  readonly tenantId: TenantId;
  readonly dekId: Buffer;
  /** `kekId ‖ blob`, as every envelope under this key carries it. */
  readonly wrapped: Buffer;
  readonly #key: KeyObject;

  private constructor(tenantId: TenantId, key: KeyObject, wrapped: Buffer) {
    this.tenantId = tenantId;
    this.dekId = deriveDekId(key, tenantId);
    this.wrapped = wrapped;
    this.#key = key;
  }

  /**
   * Takes over what a key service answered; `plaintext` is wiped, and by the caller where it is refused.
   *
   * @throws TenantryError `DATA_KEY_INVALID`
   */
  static accept(tenantId: TenantId, plaintext: Uint8Array, wrapped: Buffer): DataKey {
    if (!(plaintext instanceof Uint8Array) || plaintext.length !== KEY_BYTES) {
      throw tenantryError(
        'DATA_KEY_INVALID',
        `the key service answered for tenant ${tenantId} with a data key that is not 32 bytes`,
      );
    }
    if (wrapped.length <= KEK_ID_BYTES || wrapped.length > MAX_WRAPPED_BYTES) {
      throw tenantryError(
        'DATA_KEY_INVALID',
        `the key service answered for tenant ${tenantId} with a wrapped data key of ${wrapped.length - KEK_ID_BYTES} bytes`,
      );
    }
    return new DataKey(tenantId, takeSecretKey(plaintext), wrapped);
  }

  /** The id of the key encryption key it is wrapped under. */
  get kekId(): Buffer {
    return this.wrapped.subarray(0, KEK_ID_BYTES);
  }

  /** The key of the records sealed under this data key and a salt. */
  recordKey(salt: Uint8Array): KeyObject {
    return deriveRecordKey(this.#key, salt, this.tenantId);
  }
}
