import { describeForeignError, tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Eventual } from './eventual.js';
import type { DestroyKekOptions, KekDestruction } from './key-destruction.js';

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
   * previous ones. Empty where it gives none. Where it throws, the service is taken to be away.
   */
  kekIds(tenantId: TenantId): readonly Buffer[];
  /** Makes a data key under one of the tenant's keys, bound to the tenant. */
  generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Eventual<GeneratedDataKey>;
  /** Unwraps a data key with one of the tenant's keys; refuses one that is bound to another tenant. */
  unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Eventual<Uint8Array>;
  /**
   * How the service names one of a tenant's keys, for people. A service whose keys have no names has no such method.
   *
   * @throws KeyServiceFailure `key-refused` where the configuration gives the tenant no such key
   */
  keyUri?(tenantId: TenantId, kekId: Buffer): string | undefined;
  /**
   * Destroys one of a tenant's keys for good, or has the service do so once its waiting time is over. Called again it
   * answers with the state that it finds. A service that has no such method cannot destroy keys.
   *
   * Beside what other calls fail with it throws `KEY_SHARED` for a key that is, or may be, another tenant's too, and
   * `KEY_INDESTRUCTIBLE` where it cannot be done from here. A key that the service does not know is destroyed where its
   * name is the key's own; where it only leads to a key, as an alias does, that is `key-gone`.
   */
  destroyKek?(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Eventual<KekDestruction>;
}

/**
 * How a call to a key service fails.
 *
 * - `away`: no answer, or an answer that asks to come back later (time-out, network, 5xx, throttling)
 * - `key-refused`: the tenant's key may not be used (403, disabled)
 * - `key-being-destroyed`: the service says that this very key is scheduled for destruction, or deleted and not yet
 *   purged; it may still be brought back
 * - `key-gone`: the service knows no such key any more (not found, destroyed); all that `key-refused` means, and an
 *   alarm beside it, because a mistyped name of a key is answered in the same way
 * - `data-key-refused`: this wrapped data key does not belong to this tenant and key, or is damaged
 */
export type KeyServiceFailureKind = 'away' | 'key-refused' | 'key-being-destroyed' | 'key-gone' | 'data-key-refused';

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

/**
 * An error for keys of a tenant that nobody tells, because code which is asked for them throws. That says nothing of
 * the keys, so it is no reason to take a record for one that can never be opened.
 */
export function notTold(what: string, tenantId: TenantId, error: unknown): Error {
  return tenantryError('KEY_SERVICE_AWAY', `tenant ${tenantId}: ${what} failed with ${describeForeignError(error)}`);
}

/** Whether a value has the shape of a key service. */
export function isKeyService(value: unknown): value is KeyService {
  if (typeof value !== 'object' || value === null) return false;
  const { maxBlobBytes, kekIds, generateDataKey, unwrapDataKey, destroyKek, keyUri } = value as Partial<
    Record<keyof KeyService, unknown>
  >;
  return (
    typeof maxBlobBytes === 'number' &&
    [destroyKek, keyUri].every((call) => call === undefined || typeof call === 'function') &&
    [kekIds, generateDataKey, unwrapDataKey].every((call) => typeof call === 'function')
  );
}
