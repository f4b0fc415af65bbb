import type { Clock } from '../core/clock.js';
import { isTenantryError, tenantryError } from '../core/errors.js';
import { LruMap } from '../core/lru-map.js';
import type { TenantId } from '../core/tenant-id.js';
import type { DataKeySource } from './data-key-source.js';
import type { DataKey } from './data-key.js';
import { hasDekId, hasWrapped, wrappedNameOf, wrappedOf, type Envelope } from './envelope-layout.js';
import { whenReady, type Eventual } from './eventual.js';
import { CHECK, KeyCheck } from './key-check.js';
import { OpeningKey } from './opening-key.js';
import { TenantCache } from './tenant-cache.js';
import { tenantKek } from './tenant-kek.js';

const BOUNDS = { perTenant: 256, overall: 10_000 } as const;

/** What opening keys stand on. */
export interface OpeningKeyParts {
  readonly source: DataKeySource;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** How long a data key serves after it was last unwrapped. */
  readonly hardAgeMs: number;
}

/**
 * The data keys this process has unwrapped from records. A key is found by all of its wrapped bytes, and the
 * record's dekId is compared with the one that the key commits to: so a forgery fares the same whether the
 * key is at hand or not, and nothing that a forger wrote is ever an entry for a good record.
 */
export class OpeningKeys {
  readonly #parts: OpeningKeyParts;
  readonly #keys = new TenantCache<OpeningKey>(BOUNDS);
  /** The key of each tenant's last record, which is mostly that of the next: to compare it is faster than to name it. */
  readonly #last = new LruMap<TenantId, OpeningKey>(BOUNDS.overall);
  readonly #unwrapping = new Map<string, Promise<OpeningKey>>();
  /** One for each tenant and key encryption key, whatever the number of data keys under it. */
  readonly #checks = new LruMap<string, KeyCheck>(BOUNDS.overall);

  constructor(parts: OpeningKeyParts) {
    this.#parts = parts;
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

  /** Forgets a tenant's data keys that are wrapped under this key encryption key, or under any. */
  drop(tenantId: TenantId, kekId: Buffer | undefined): void {
    this.#last.delete(tenantId);
    if (kekId === undefined) {
      this.#keys.deleteTenant(tenantId);
      return;
    }
    for (const [name, { dataKey }] of [...this.#keys.entriesOf(tenantId)]) {
      if (dataKey.kekId.equals(kekId)) this.#keys.delete(tenantId, name);
    }
  }

  clear(): void {
    this.#keys.clear();
    this.#last.clear();
    this.#checks.clear();
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #keyOf(tenantId: TenantId, envelope: Envelope): Eventual<OpeningKey> {
    const nowMs = this.#nowMs;
    const last = this.#last.get(tenantId);
    if (last !== undefined && nowMs < last.quietUntilMs && hasWrapped(envelope, last.dataKey.wrapped)) return last;
    const name = wrappedNameOf(envelope);
    const held = this.#keys.get(tenantId, name);
    if (held === undefined || nowMs >= held.expiresAtMs) return this.#unwrap(tenantId, envelope, name);
    this.#last.set(tenantId, held);
    if (nowMs < held.quietUntilMs) return held;
    const check = this.#checkOf(held.dataKey, nowMs);
    if (nowMs < check.dueAtMs && nowMs < held.renewAtMs) {
      held.quietUntilMs = Math.min(check.dueAtMs, held.renewAtMs, held.expiresAtMs);
      return held;
    }
    const mustWait = check.mustWait(nowMs);
    const asked = check.running ?? this.#confirm(held, name, check);
    if (asked === undefined || mustWait) return whenReady(asked, () => this.#keyOf(tenantId, envelope));
    return held;
  }

  /**
   * Has a data key in use unwrapped again: whether it still may be is also whether its key encryption key still
   * serves.
   *
   * @returns undefined where the answer is there already
   */
  #confirm(held: OpeningKey, name: string, check: KeyCheck): Promise<void> | undefined {
    const { dataKey } = held;
    const answered = (): void => {
      check.running = undefined;
      this.#confirmed(held, check);
    };
    // It serves until its hard age, or until the service says that it may not.
    const failed = (error: unknown): void => {
      check.running = undefined;
      const nowMs = this.#nowMs;
      check.failed(nowMs);
      held.renewLater(nowMs + CHECK.retryMs);
      if (!isTenantryError(error, 'KEY_REFUSED')) return;
      this.#keys.delete(dataKey.tenantId, name);
      this.#last.delete(dataKey.tenantId);
    };
    let answer: Eventual<DataKey>;
    try {
      answer = this.#parts.source.confirm(dataKey);
    } catch (error) {
      failed(error);
      return undefined;
    }
    if (answer instanceof Promise) return (check.running = answer.then(answered, failed));
    answered();
    return undefined;
  }

  /** Many records that find no key make one call. */
  #unwrap(tenantId: TenantId, envelope: Envelope, name: string): Eventual<OpeningKey> {
    const flight = `${tenantId}:${name}`;
    const running = this.#unwrapping.get(flight);
    if (running !== undefined) return running;
    const key = whenReady(this.#parts.source.unwrap(tenantId, wrappedOf(envelope)), (dataKey) =>
      this.#adopt(tenantId, name, dataKey),
    );
    if (!(key instanceof Promise)) return key;
    const shared = key.finally(() => this.#unwrapping.delete(flight));
    this.#unwrapping.set(flight, shared);
    return shared;
  }

  #adopt(tenantId: TenantId, name: string, dataKey: DataKey): OpeningKey {
    const key = new OpeningKey(dataKey);
    this.#confirmed(key, this.#checkOf(dataKey, this.#nowMs));
    this.#keys.set(tenantId, name, key);
    return key;
  }

  #confirmed(key: OpeningKey, check: KeyCheck): void {
    const nowMs = this.#nowMs;
    check.confirmed(nowMs);
    key.unwrapped(nowMs, this.#parts.hardAgeMs, this.#parts.random());
    key.quietUntilMs = Math.min(check.dueAtMs, key.renewAtMs);
  }

  #checkOf({ tenantId, kekId }: DataKey, nowMs: number): KeyCheck {
    const { name } = tenantKek(tenantId, kekId);
    let check = this.#checks.get(name);
    if (check === undefined) {
      check = new KeyCheck(nowMs, this.#parts.random);
      this.#checks.set(name, check);
    }
    return check;
  }
}
