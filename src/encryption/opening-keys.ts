import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { DataKeySource } from './data-key-source.js';
import type { DataKey } from './data-key.js';
import {
  hasDekId,
  hasSalt,
  hasWrapped,
  saltNameOf,
  saltOf,
  wrappedNameOf,
  wrappedOf,
  type Envelope,
} from './envelope-layout.js';
import { whenReady, type Eventual } from './eventual.js';
import { LruMap } from '../core/lru-map.js';
import { TenantCache } from './tenant-cache.js';

const BOUNDS = { perTenant: 256, overall: 10_000 } as const;
const MAX_SALTS_PER_DATA_KEY = 16;

/**
 * The data keys this process has unwrapped from records. A key is found by all of its wrapped bytes, and the
 * record's dekId is compared with the one that the key commits to: so a forgery fares the same whether the
 * key is at hand or not, and nothing that a forger wrote is ever an entry for a good record.
 */
export class OpeningKeys {
  readonly #source: DataKeySource;
  readonly #clock: Clock;
  readonly #hardAgeMs: number;
  readonly #keys = new TenantCache<OpeningKey>(BOUNDS);
  /** The key of each tenant's last record, which is mostly that of the next: to compare it is faster than to name it. */
  readonly #last = new LruMap<TenantId, OpeningKey>(BOUNDS.overall);
  readonly #unwrapping = new Map<string, Promise<OpeningKey>>();

  /** @param hardAgeMs - how long a data key serves after it was last unwrapped */
  constructor(source: DataKeySource, clock: Clock, hardAgeMs: number) {
    this.#source = source;
    this.#clock = clock;
    this.#hardAgeMs = hardAgeMs;
  }

  /** Runs `work` with the data key of an envelope. */
  use<T>(tenantId: TenantId, envelope: Envelope, work: (key: OpeningKey) => T): Eventual<T> {
    return whenReady(this.#keyOf(tenantId, envelope), (found) => {
      if (!hasDekId(envelope, found.dataKey.dekId)) {
        throw tenantryError(
          'KEY_MISMATCH',
          `a record of tenant ${tenantId} carries a data key that its key id does not name`,
        );
      }
      return work(found);
    });
  }

  deleteTenant(tenantId: TenantId): void {
    this.#keys.deleteTenant(tenantId);
    this.#last.delete(tenantId);
  }

  clear(): void {
    this.#keys.clear();
    this.#last.clear();
  }

  #keyOf(tenantId: TenantId, envelope: Envelope): Eventual<OpeningKey> {
    const nowMs = this.#clock.monotonicMs();
    const last = this.#last.get(tenantId);
    if (last !== undefined && nowMs < last.expiresAtMs && hasWrapped(envelope, last.dataKey.wrapped)) return last;
    const name = wrappedNameOf(envelope);
    const held = this.#keys.get(tenantId, name);
    if (held === undefined || nowMs >= held.expiresAtMs) return this.#unwrap(tenantId, envelope, name);
    this.#last.set(tenantId, held);
    return held;
  }

  /** Many records that find no key make one call. */
  #unwrap(tenantId: TenantId, envelope: Envelope, name: string): Eventual<OpeningKey> {
    const flight = `${tenantId}:${name}`;
    const running = this.#unwrapping.get(flight);
    if (running !== undefined) return running;
    const key = whenReady(this.#source.unwrap(tenantId, wrappedOf(envelope)), (dataKey) =>
      this.#adopt(tenantId, name, dataKey),
    );
    if (!(key instanceof Promise)) return key;
    const shared = key.finally(() => this.#unwrapping.delete(flight));
    this.#unwrapping.set(flight, shared);
    return shared;
  }

  #adopt(tenantId: TenantId, name: string, dataKey: DataKey): OpeningKey {
    const key = new OpeningKey(dataKey, this.#clock.monotonicMs() + this.#hardAgeMs);
    this.#keys.set(tenantId, name, key);
    return key;
  }
}

/** A data key from a record, with the record keys that go with it. */
export class OpeningKey {
  readonly dataKey: DataKey;
  readonly expiresAtMs: number;
  readonly #recordKeys = new LruMap<string, KeyObject>(MAX_SALTS_PER_DATA_KEY);
  /** That of the last record; another process seals with another salt. */
  #last: { readonly salt: Buffer; readonly recordKey: KeyObject } | undefined;

  constructor(dataKey: DataKey, expiresAtMs: number) {
    this.dataKey = dataKey;
    this.expiresAtMs = expiresAtMs;
  }

  /**
   * Opens with the record key of an envelope. A record key is kept only once it has opened a record, so that
   * forged salts cannot push out those in use.
   */
  open<T>(envelope: Envelope, opens: (recordKey: KeyObject) => T): T {
    if (this.#last !== undefined && hasSalt(envelope, this.#last.salt)) return opens(this.#last.recordKey);
    const name = saltNameOf(envelope);
    const held = this.#recordKeys.get(name);
    const recordKey = held ?? this.dataKey.recordKey(saltOf(envelope));
    const opened = opens(recordKey);
    if (held === undefined) this.#recordKeys.set(name, recordKey);
    this.#last = { salt: Buffer.from(saltOf(envelope)), recordKey };
    return opened;
  }
}
