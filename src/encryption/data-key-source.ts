import type { Clock } from '../core/clock.js';
import { isTenantryError, tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { ErasureEntries } from '../tenant/erasure-entries.js';
import { DataKey } from './data-key.js';
import { acceptDestruction } from './destruction-answer.js';
import { KEK_ID_BYTES } from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import type { KeyAlarm } from './key-alarm.js';
import { KeyServiceCalls, reasonOf } from './key-service-calls.js';
import { indestructible, type DestroyKekOptions, type KekDestruction } from './key-destruction.js';
import { KeyServiceFailure, notTold, type KeyService } from './key-service.js';
import { KeyStanding, type KeyRefusal, type RefusalCode } from './key-standing.js';
import { RefusalCache } from './refusal-cache.js';
import { kekNamed, tenantKek, type TenantKek } from './tenant-kek.js';
import { UnwrapBudget, UNWRAPS_PER_SECOND } from './unwrap-budget.js';

/** What a source stands on. */
export interface DataKeySourceParts {
  readonly service: KeyService;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Which keys were destroyed on purpose. */
  readonly erasure: Pick<ErasureEntries, 'names'>;
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

  /** The tenants whose keys do not serve now, and should. */
  alarms(): KeyAlarm[] {
    const alarms: KeyAlarm[] = [];
    for (const [name, refusal] of this.#standing.refused(this.#nowMs)) {
      const kek = kekNamed(name);
      const code = this.#codeOf(kek, refusal);
      if (code !== 'TENANT_ERASED') alarms.push({ tenantId: kek.tenantId, code });
    }
    for (const name of this.#calls.away()) alarms.push({ tenantId: kekNamed(name).tenantId, code: 'KEY_SERVICE_AWAY' });
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
   * can name no other; where it selects none, no call is made. Fails with `TENANT_ERASED` where an entry of erasure
   * names the key and the key service says that it is destroyed, or nobody configures it any more.
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

  /** The ids of the tenant's keys, the current one first; empty where it has none. Fails with `KEY_SERVICE_AWAY`. */
  kekIds(tenantId: TenantId): readonly Buffer[] {
    try {
      return this.#parts.service.kekIds(tenantId);
    } catch (error) {
      if (isTenantryError(error)) throw error;
      throw notTold('its key service', tenantId, error);
    }
  }

  /**
   * Destroys one of the tenant's keys at its service; its data keys go at once. Fails with `KEY_SHARED`,
   * `KEY_INDESTRUCTIBLE`, `KEY_SERVICE_AWAY`, `KEY_REFUSED`, `KEY_GONE` or `KEY_NOT_CONFIGURED`. What a failure says of
   * the right to destroy says nothing of the right to use the key, so it is not remembered.
   */
  async destroyKek(tenantId: TenantId, kekId: Buffer, options: DestroyKekOptions): Promise<KekDestruction> {
    const { service, telemetry, onKeyRefused } = this.#parts;
    const kek = tenantKek(tenantId, kekId);
    try {
      const answer = await this.#calls.once(kek, async (signal) => {
        if (service.destroyKek === undefined) throw indestructible(tenantId, 'its key service destroys no keys');
        return service.destroyKek(tenantId, kekId, options, signal);
      });
      const destruction = acceptDestruction(answer);
      onKeyRefused(tenantId, kekId);
      telemetry.log('keyDestroyed', { tenant: tenantId, kek: kekId.toString('hex'), state: destruction.state });
      return destruction;
    } catch (failure) {
      throw notDestroyed(kek, failure);
    }
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
    const [current, ...previous] = this.kekIds(tenantId);
    if (current !== undefined) return [current, ...previous];
    this.#parts.onKeyRefused(tenantId);
    throw tenantryError(
      'KEY_NOT_CONFIGURED',
      `tenant ${tenantId} has no key encryption key in the configuration: add one to the option encryption, for instance with tenantry keys generate`,
    );
  }

  #kekOf(tenantId: TenantId, wrapped: Buffer): TenantKek {
    const named = wrapped.subarray(0, KEK_ID_BYTES);
    const kekId = this.kekIds(tenantId).find((configured) => configured.equals(named));
    if (kekId !== undefined) return tenantKek(tenantId, kekId);
    // Once a key is destroyed, nobody configures it any more.
    if (this.#parts.erasure.names(tenantId, named)) {
      const kek = tenantKek(tenantId, named);
      this.#parts.onKeyRefused(tenantId, named);
      this.#tell(kek, 'TENANT_ERASED', 'not-configured');
      throw erased(kek);
    }
    this.#kekIds(tenantId);
    throw refused(tenantId, 'data-key', 'it is wrapped under no key that is configured for the tenant');
  }

  /** Whatever is known already costs no call. */
  #assertServes(kek: TenantKek): void {
    const isErasure = (refusal: KeyRefusal): boolean => this.#codeOf(kek, refusal) === 'TENANT_ERASED';
    const refusal = this.#standing.recentRefusal(kek, this.#nowMs, isErasure);
    if (refusal !== undefined) throw this.#refusalOf(kek, refusal);
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
      case 'key-gone':
      case 'key-being-destroyed':
        this.#standing.refuse(kek, { kind, reason }, this.#nowMs);
        this.#parts.onKeyRefused(kek.tenantId, kek.kekId);
        return this.#refusalOf(kek, { kind, reason });
      case 'data-key-refused':
        onDataKeyRefused();
        return refused(kek.tenantId, 'data-key', reason);
    }
  }

  #refusalOf(kek: TenantKek, refusal: KeyRefusal): Error {
    const code = this.#codeOf(kek, refusal);
    this.#tell(kek, code, refusal.reason);
    switch (code) {
      case 'TENANT_ERASED':
        return erased(kek);
      case 'KEY_GONE':
        return tenantryError(
          'KEY_GONE',
          `the key service knows no such key of tenant ${kek.tenantId}: ${refusal.reason}`,
        );
      case 'KEY_REFUSED':
        return refused(kek.tenantId, 'key', refusal.reason);
    }
  }

  /**
   * What a refusal comes to now: entries come and go. The service's word is one of two witnesses of an erasure, an
   * entry for this tenant and key the other: without it a mistyped name of a key would pass for one.
   */
  #codeOf({ tenantId, kekId }: TenantKek, { kind }: KeyRefusal): RefusalCode {
    if (kind === 'key-refused') return 'KEY_REFUSED';
    if (this.#hasEntry(tenantId, kekId)) return 'TENANT_ERASED';
    return kind === 'key-gone' ? 'KEY_GONE' : 'KEY_REFUSED';
  }

  /** Where it cannot be told there is none: the records wait. */
  #hasEntry(tenantId: TenantId, kekId: Buffer): boolean {
    try {
      return this.#parts.erasure.names(tenantId, kekId);
    } catch {
      return false;
    }
  }

  #tell(kek: TenantKek, code: RefusalCode, reason: string): void {
    if (!this.#standing.tell(kek, code)) return;
    const fields = { tenant: kek.tenantId, kek: kek.kekId.toString('hex'), reason };
    if (code === 'TENANT_ERASED') this.#parts.telemetry.log('keyErased', fields);
    else this.#parts.telemetry.log('keyRefused', { ...fields, code });
  }
}

function notDestroyed({ tenantId, kekId }: TenantKek, failure: unknown): Error {
  if (isTenantryError(failure)) return failure;
  const what = `key ${kekId.toString('hex')} of tenant ${tenantId} was not destroyed: ${reasonOf(failure)}`;
  const kind = failure instanceof KeyServiceFailure ? failure.kind : 'away';
  if (kind === 'away') return tenantryError('KEY_SERVICE_AWAY', what);
  if (kind === 'key-gone') return tenantryError('KEY_GONE', what);
  return tenantryError('KEY_REFUSED', what, { refused: 'key' });
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

function erased({ tenantId, kekId }: TenantKek): Error {
  return tenantryError(
    'TENANT_ERASED',
    `tenant ${tenantId} is erased: what is sealed under its key ${kekId.toString('hex')} can never be opened again`,
  );
}

function refused(tenantId: TenantId, what: 'key' | 'data-key', reason: string): Error {
  const subject = what === 'key' ? 'the key' : 'a wrapped data key';
  return tenantryError('KEY_REFUSED', `${subject} of tenant ${tenantId} is refused: ${reason}`, { refused: what });
}
