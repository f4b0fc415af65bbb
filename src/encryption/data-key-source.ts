import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { describeForeignError, isTenantryError, tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import { DataKey } from './data-key.js';
import { KEK_ID_BYTES } from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import { KeyServiceFailure, type KeyService } from './key-service.js';
import { RefusalCache } from './refusal-cache.js';

/** How long a key service may take to answer. */
export const KEY_SERVICE_TIMEOUT_MS = 10_000;

const REASON = /^[\w.-]{1,64}$/;

/**
 * The only way to a key service, and so the place of every check that no driver may skip: which key is asked,
 * what a data key must look like, how long an answer may take, and which of a failure's words may leave.
 */
export class DataKeySource {
  readonly #service: KeyService;
  readonly #clock: Clock;
  readonly #onKeyRefused: (tenantId: TenantId) => void;
  // Calls run in the context of whoever made the cipher, never in that of the tenant whose record came first.
  readonly #background = new AsyncResource('tenantry.key-service');
  readonly #closing = new AbortController();
  readonly #refusals = new RefusalCache();

  /** @param onKeyRefused - told when a tenant's key may no longer be used: its data keys must go at once */
  constructor(service: KeyService, clock: Clock, onKeyRefused: (tenantId: TenantId) => void) {
    this.#service = service;
    this.#clock = clock;
    this.#onKeyRefused = onKeyRefused;
  }

  /** The length of the longest wrapped data key. */
  get maxWrappedBytes(): number {
    return KEK_ID_BYTES + this.#service.maxBlobBytes;
  }

  /** A new data key under the tenant's current key. */
  generate(tenantId: TenantId): Eventual<DataKey> {
    const [kekId] = this.#kekIds(tenantId);
    return this.#ask(
      tenantId,
      (signal) => this.#service.generateDataKey(tenantId, kekId, signal),
      ({ plaintext, blob }) => DataKey.accept(tenantId, plaintext, joined(kekId, blob)),
    );
  }

  /**
   * The data key that a record carries. The record's key id selects among the tenant's configured keys and
   * can name no other; where it selects none, no call is made.
   */
  unwrap(tenantId: TenantId, wrapped: Buffer): Eventual<DataKey> {
    const kekId = this.#kekIds(tenantId).find((configured) => configured.equals(wrapped.subarray(0, KEK_ID_BYTES)));
    if (kekId === undefined)
      throw refused(tenantId, 'data-key', 'it is wrapped under no key that is configured for the tenant');
    if (this.#refusals.has(tenantId, wrapped, this.#clock.monotonicMs())) {
      throw refused(tenantId, 'data-key', 'the key service refused the same bytes a short time ago');
    }
    // The record's own buffer is not the driver's to keep.
    const own = joined(kekId, wrapped.subarray(KEK_ID_BYTES));
    return this.#ask(
      tenantId,
      (signal) => this.#service.unwrapDataKey(tenantId, kekId, own.subarray(KEK_ID_BYTES), signal),
      (plaintext) => DataKey.accept(tenantId, plaintext, own),
      () => {
        this.#refusals.add(tenantId, own, this.#clock.monotonicMs());
      },
    );
  }

  /** Ends the calls that wait. The key service itself may serve others and goes on. */
  close(): void {
    this.#closing.abort();
    this.#refusals.clear();
  }

  #kekIds(tenantId: TenantId): readonly [Buffer, ...Buffer[]] {
    const [current, ...previous] = this.#service.kekIds(tenantId);
    if (current !== undefined) return [current, ...previous];
    this.#onKeyRefused(tenantId);
    throw tenantryError('KEY_NOT_CONFIGURED', `tenant ${tenantId} has no key encryption key in the configuration`);
  }

  /** @param onDataKeyRefused - told what the service says of this very ciphertext; nothing else is remembered */
  #ask<T>(
    tenantId: TenantId,
    call: (signal: AbortSignal) => Eventual<T>,
    accept: (answer: T) => DataKey,
    onDataKeyRefused: () => void = nothing,
  ): Eventual<DataKey> {
    const abort = new AbortController();
    let answer: Eventual<T>;
    try {
      answer = this.#background.runInAsyncScope(call, undefined, abort.signal);
    } catch (failure) {
      throw this.#classified(tenantId, failure, onDataKeyRefused);
    }
    if (!(answer instanceof Promise)) return accepted(tenantId, answer, accept);
    return this.#inTime(answer, abort).then(
      (ready) => accepted(tenantId, ready, accept),
      (failure: unknown) => {
        throw this.#classified(tenantId, failure, onDataKeyRefused);
      },
    );
  }

  async #inTime<T>(answer: Promise<T>, abort: AbortController): Promise<T> {
    // A driver that does not listen to its signal must not hold anybody either.
    const abandoned = deferred<never>();
    const timer = this.#clock.setTimer(KEY_SERVICE_TIMEOUT_MS, () => {
      abandoned.reject(new KeyServiceFailure('away', 'timeout'));
      abort.abort();
    });
    const onClosing = (): void => {
      abandoned.reject(tenantryError('NOT_RUNNING', 'the cipher was closed while it waited for the key service'));
      abort.abort();
    };
    this.#closing.signal.addEventListener('abort', onClosing, { once: true });
    try {
      return await Promise.race([answer, abandoned.promise]);
    } finally {
      timer.cancel();
      this.#closing.signal.removeEventListener('abort', onClosing);
    }
  }

  #classified(tenantId: TenantId, failure: unknown, onDataKeyRefused: () => void): Error {
    if (isTenantryError(failure)) return failure;
    if (!(failure instanceof KeyServiceFailure)) return away(tenantId, describeForeignError(failure));
    const reason = REASON.test(failure.message) ? failure.message : 'no reason given';
    switch (failure.kind) {
      case 'away':
        return away(tenantId, reason);
      case 'key-refused':
        this.#onKeyRefused(tenantId);
        return refused(tenantId, 'key', reason);
      case 'key-gone':
        this.#onKeyRefused(tenantId);
        return tenantryError('KEY_GONE', `the key service knows no key of tenant ${tenantId}: ${reason}`);
      case 'data-key-refused':
        onDataKeyRefused();
        return refused(tenantId, 'data-key', reason);
    }
  }
}

function nothing(): void {
  return undefined;
}

function accepted<T>(tenantId: TenantId, answer: T, accept: (answer: T) => DataKey): DataKey {
  try {
    return accept(answer);
  } catch (error) {
    if (isTenantryError(error)) throw error;
    throw tenantryError('DATA_KEY_INVALID', `the key service answered for tenant ${tenantId} with no data key`);
  }
}

function joined(kekId: Buffer, blob: Uint8Array): Buffer {
  const wrapped = Buffer.allocUnsafeSlow(KEK_ID_BYTES + blob.length);
  wrapped.set(kekId);
  wrapped.set(blob, KEK_ID_BYTES);
  return wrapped;
}

function away(tenantId: TenantId, reason: string): Error {
  return tenantryError('KEY_SERVICE_AWAY', `the key service did not serve tenant ${tenantId}: ${reason}`);
}

function refused(tenantId: TenantId, what: 'key' | 'data-key', reason: string): Error {
  const subject = what === 'key' ? 'the key' : 'a wrapped data key';
  return tenantryError('KEY_REFUSED', `${subject} of tenant ${tenantId} is refused: ${reason}`, { refused: what });
}
