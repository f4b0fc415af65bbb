import type { Clock } from '../core/clock.js';
import { isTenantryError, tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { DataKey } from './data-key.js';
import { KEK_ID_BYTES } from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import type { KeyAlarm } from './key-alarm.js';
import { KeyServiceCalls, reasonOf } from './key-service-calls.js';
import { KeyServiceFailure, type KeyService } from './key-service.js';
import { KeyStanding, type KeyRefusal } from './key-standing.js';
import { RefusalCache } from './refusal-cache.js';
import { tenantKek, tenantOfKek, type TenantKek } from './tenant-kek.js';
import { UnwrapBudget, UNWRAPS_PER_SECOND } from './unwrap-budget.js';

/** What a source stands on. */
export interface DataKeySourceParts {
  readonly service: KeyService;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /**
   * Told when a tenant's key may no longer be used: the data keys under it must go at once. Without a key it holds
   * for all keys of the tenant.
   */
  readonly onKeyRefused: (tenantId: TenantId, kekId?: Buffer) => void;
}

/**
 * The only way to a key service, and so the place of every check that no driver may skip: which key is asked,
 * what a data key must look like, and which of a failure's words may leave.
 */
export class DataKeySource {
  readonly #parts: DataKeySourceParts;
  readonly #calls: KeyServiceCalls;
  readonly #standing = new KeyStanding();
  readonly #refusals = new RefusalCache();
  readonly #budget = new UnwrapBudget();

  constructor(parts: DataKeySourceParts) {
    const { clock, telemetry, random } = parts;
    this.#parts = parts;
    this.#calls = new KeyServiceCalls({ clock, telemetry, random, wipe });
  }

  /** The length of the longest wrapped data key. */
  get maxWrappedBytes(): number {
    return KEK_ID_BYTES + this.#parts.service.maxBlobBytes;
  }

  /** The tenants whose keys do not serve now. */
  alarms(): KeyAlarm[] {
    const alarms: KeyAlarm[] = [];
    const add = (name: string, code: KeyAlarm['code']): void => {
      alarms.push({ tenantId: tenantOfKek(name) as TenantId, code });
    };
    for (const [name, { code }] of this.#standing.refused(this.#parts.clock.monotonicMs())) add(name, code);
    for (const name of this.#calls.away()) add(name, 'KEY_SERVICE_AWAY');
    return alarms;
  }

  /** A new data key under the tenant's current key. */
  generate(tenantId: TenantId): Eventual<DataKey> {
    const [kekId] = this.#kekIds(tenantId);
    const kek = tenantKek(tenantId, kekId);
    this.#assertServes(kek);
    return this.#ask(
      kek,
      (signal) => this.#parts.service.generateDataKey(tenantId, kekId, signal),
      ({ plaintext, blob }) => DataKey.accept(tenantId, plaintext, joined(kekId, blob)),
    );
  }

  /**
   * The data key that a record carries. The record's key id selects among the tenant's configured keys and
   * can name no other; where it selects none, no call is made.
   */
  unwrap(tenantId: TenantId, wrapped: Buffer): Eventual<DataKey> {
    const kek = this.#kekOf(tenantId, wrapped);
    if (this.#refusals.has(tenantId, wrapped, this.#nowMs)) {
      throw refused(tenantId, 'data-key', 'the key service refused the same bytes a short time ago');
    }
    this.#assertServes(kek);
    if (!this.#budget.take(tenantId, this.#nowMs)) {
      throw tenantryError(
        'DATA_KEY_RATE_LIMITED',
        `more than ${UNWRAPS_PER_SECOND} unknown data keys a second in records of tenant ${tenantId}`,
      );
    }
    return this.#unwrap(kek, wrapped);
  }

  /**
   * Asks whether a data key that was unwrapped before may still be. It fails as unwrapping does, and with
   * `DATA_KEY_INVALID` where the service answers with another key than before.
   */
  confirm({ tenantId, wrapped, dekId }: DataKey): Eventual<DataKey> {
    const kek = this.#kekOf(tenantId, wrapped);
    this.#assertServes(kek);
    return this.#unwrap(kek, wrapped, (fresh) => {
      if (fresh.dekId.equals(dekId)) return fresh;
      throw tenantryError('DATA_KEY_INVALID', `the key service unwrapped a data key of tenant ${tenantId} to another`);
    });
  }

  /** Ends the calls that wait. The key service itself may serve others and goes on. */
  close(): void {
    this.#calls.close();
    this.#refusals.clear();
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #kekIds(tenantId: TenantId): readonly [Buffer, ...Buffer[]] {
    const [current, ...previous] = this.#parts.service.kekIds(tenantId);
    if (current !== undefined) return [current, ...previous];
    this.#parts.onKeyRefused(tenantId);
    throw tenantryError('KEY_NOT_CONFIGURED', `tenant ${tenantId} has no key encryption key in the configuration`);
  }

  #kekOf(tenantId: TenantId, wrapped: Buffer): TenantKek {
    const kekId = this.#kekIds(tenantId).find((configured) => configured.equals(wrapped.subarray(0, KEK_ID_BYTES)));
    if (kekId !== undefined) return tenantKek(tenantId, kekId);
    throw refused(tenantId, 'data-key', 'it is wrapped under no key that is configured for the tenant');
  }

  /** Whatever is known already costs no call. */
  #assertServes(kek: TenantKek): void {
    const refusal = this.#standing.recentRefusal(kek, this.#nowMs);
    if (refusal !== undefined) throw keyRefused(kek.tenantId, refusal);
    try {
      this.#calls.assertNotAway(kek);
    } catch (failure) {
      throw this.#classified(kek, failure, nothing);
    }
  }

  #unwrap(
    { tenantId, kekId, name }: TenantKek,
    wrapped: Buffer,
    check = (key: DataKey): DataKey => key,
  ): Eventual<DataKey> {
    // The record's own buffer is not the driver's to keep.
    const own = joined(kekId, wrapped.subarray(KEK_ID_BYTES));
    return this.#ask(
      { tenantId, kekId, name },
      (signal) => this.#parts.service.unwrapDataKey(tenantId, kekId, own.subarray(KEK_ID_BYTES), signal),
      (plaintext) => check(DataKey.accept(tenantId, plaintext, own)),
      () => {
        this.#refusals.add(tenantId, own, this.#nowMs);
      },
    );
  }

  /** @param onDataKeyRefused - told what the service says of this very ciphertext; nothing else is remembered */
  #ask<T>(
    kek: TenantKek,
    call: (signal: AbortSignal) => Eventual<T>,
    accept: (answer: T) => DataKey,
    onDataKeyRefused: () => void = nothing,
  ): Eventual<DataKey> {
    let answer: Eventual<T>;
    try {
      answer = this.#calls.call(kek, call);
    } catch (failure) {
      throw this.#classified(kek, failure, onDataKeyRefused);
    }
    if (!(answer instanceof Promise)) return this.#accepted(kek, answer, accept);
    return answer.then(
      (ready) => this.#accepted(kek, ready, accept),
      (failure: unknown) => {
        throw this.#classified(kek, failure, onDataKeyRefused);
      },
    );
  }

  #accepted<T>(kek: TenantKek, answer: T, accept: (answer: T) => DataKey): DataKey {
    const { tenantId, kekId } = kek;
    if (this.#standing.accept(kek)) {
      this.#parts.telemetry.log('keyServiceBack', { tenant: tenantId, kek: kekId.toString('hex') });
    }
    try {
      return accept(answer);
    } catch (error) {
      wipe(answer);
      if (isTenantryError(error)) throw error;
      throw tenantryError('DATA_KEY_INVALID', `the key service answered for tenant ${tenantId} with no data key`);
    }
  }

  #classified(kek: TenantKek, failure: unknown, onDataKeyRefused: () => void): Error {
    if (isTenantryError(failure)) return failure;
    const reason = reasonOf(failure);
    const kind = failure instanceof KeyServiceFailure ? failure.kind : 'away';
    switch (kind) {
      case 'away':
        return tenantryError('KEY_SERVICE_AWAY', `the key service did not serve tenant ${kek.tenantId}: ${reason}`);
      case 'key-refused':
        return this.#refuseKey(kek, { code: 'KEY_REFUSED', reason });
      case 'key-gone':
        // The first of two witnesses of an erasure. The other would be an entry for this tenant and key in the
        // configuration or directory: without it a mistyped name of a key would pass for one.
        return this.#refuseKey(kek, { code: 'KEY_GONE', reason });
      case 'data-key-refused':
        onDataKeyRefused();
        return refused(kek.tenantId, 'data-key', reason);
    }
  }

  #refuseKey(kek: TenantKek, refusal: KeyRefusal): Error {
    const { tenantId, kekId } = kek;
    if (this.#standing.refuse(kek, refusal, this.#nowMs)) {
      this.#parts.telemetry.log('keyRefused', { tenant: tenantId, kek: kekId.toString('hex'), ...refusal });
    }
    this.#parts.onKeyRefused(tenantId, kekId);
    return keyRefused(tenantId, refusal);
  }
}

function nothing(): void {
  return undefined;
}

/** Overwrites the data key in an answer that nobody takes over. */
function wipe(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) return;
  const plaintext: unknown = answer instanceof Uint8Array ? answer : (answer as { plaintext?: unknown }).plaintext;
  if (plaintext instanceof Uint8Array) plaintext.fill(0);
}

function joined(kekId: Buffer, blob: Uint8Array): Buffer {
  const wrapped = Buffer.allocUnsafeSlow(KEK_ID_BYTES + blob.length);
  wrapped.set(kekId);
  wrapped.set(blob, KEK_ID_BYTES);
  return wrapped;
}

function keyRefused(tenantId: TenantId, { code, reason }: KeyRefusal): Error {
  if (code === 'KEY_REFUSED') return refused(tenantId, 'key', reason);
  return tenantryError('KEY_GONE', `the key service knows no such key of tenant ${tenantId}: ${reason}`);
}

function refused(tenantId: TenantId, what: 'key' | 'data-key', reason: string): Error {
  const subject = what === 'key' ? 'the key' : 'a wrapped data key';
  return tenantryError('KEY_REFUSED', `${subject} of tenant ${tenantId} is refused: ${reason}`, { refused: what });
}
