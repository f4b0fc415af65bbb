import type { TenantId } from '../core/tenant-id.js';
import type { Eventual } from './eventual.js';

/** A new data key, plain and wrapped. */
export interface GeneratedDataKey {
  /** 32 bytes. The caller takes them over and wipes them. */
  readonly plaintext: Uint8Array;
  /** The data key wrapped by the key service under the tenant's key and bound to the tenant, 1 to 1,016 bytes. */
  readonly blob: Uint8Array;
}

/**
 * A service that keeps tenants' key encryption keys (KEKs): one driver for each kind. A driver answers what it
 * is asked and leaves every check of the answers to `DataKeySource`.
 *
 * A call that fails throws or rejects with a `KeyServiceFailure`; anything else is taken to mean that the
 * service is away. Both calls are given a signal that fires when nobody waits any more.
 */
export interface KeyService {
  /** The length of the longest blob this service makes, in bytes. */
  readonly maxBlobBytes: number;
  /**
   * The ids, 8 bytes each, of the keys that the configuration gives a tenant: the current one first, then the
   * previous ones. Empty where it gives none.
   */
  kekIds(tenantId: TenantId): readonly Buffer[];
  /** Makes a data key under one of the tenant's keys, bound to the tenant. */
  generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Eventual<GeneratedDataKey>;
  /** Unwraps a data key with one of the tenant's keys; refuses one that is bound to another tenant. */
  unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Eventual<Uint8Array>;
}

/**
 * How a call to a key service fails.
 *
 * - `away`: no answer, or an answer that asks to come back later (time-out, network, 5xx, throttling)
 * - `key-refused`: the tenant's key may not be used (403, disabled, pending deletion)
 * - `key-gone`: the service knows no such key any more (not found, destroyed); all that `key-refused` means, and an
 *   alarm beside it, because a mistyped name of a key is answered in the same way
 * - `data-key-refused`: this wrapped data key does not belong to this tenant and key, or is damaged
 */
export type KeyServiceFailureKind = 'away' | 'key-refused' | 'key-gone' | 'data-key-refused';

/** A failed call, classified by the driver. It carries nothing of the service's answer but a name. */
export class KeyServiceFailure extends Error {
  readonly kind: KeyServiceFailureKind;

  /** @param reason - a name such as `AccessDeniedException`, never a text of the service */
  constructor(kind: KeyServiceFailureKind, reason: string) {
    super(reason);
    this.name = 'KeyServiceFailure';
    this.kind = kind;
  }
}

/** Makes a call of a driver's client, and of whatever it throws or rejects with the failure that it means. */
export async function classifiedCall<T>(
  call: () => Promise<T>,
  failureOf: (error: unknown) => KeyServiceFailure,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error);
  }
}

/** Whether a value has the shape of a key service. */
export function isKeyService(value: unknown): value is KeyService {
  if (typeof value !== 'object' || value === null) return false;
  const { maxBlobBytes, kekIds, generateDataKey, unwrapDataKey } = value as Partial<Record<keyof KeyService, unknown>>;
  return (
    typeof maxBlobBytes === 'number' &&
    [kekIds, generateDataKey, unwrapDataKey].every((call) => typeof call === 'function')
  );
}
