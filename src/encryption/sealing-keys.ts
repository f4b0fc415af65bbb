import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { DataKeySource } from './data-key-source.js';
import type { DataKey } from './data-key.js';
import { SALT_BYTES } from './envelope-layout.js';
import { whenReady, type Eventual } from './eventual.js';
import { KeyCheck } from './key-check.js';
import { LruMap } from '../core/lru-map.js';
import { MAX_RECORDS_PER_SALT, SealingSession } from './sealing-session.js';

/** How long a data key serves. */
export interface DataKeyAges {
  /** From this age on a new data key is made in the background, while sealing goes on with the old one. */
  readonly softAgeMs: number;
  /** From this age on the data key is not used at all. */
  readonly hardAgeMs: number;
}

/** How much one salt serves. */
export interface SaltLimits {
  readonly renewMs: number;
  readonly maxRecords: number;
}

const DEFAULT_SALT_LIMITS: SaltLimits = { renewMs: 3_600_000, maxRecords: MAX_RECORDS_PER_SALT };
const MAX_TENANTS = 10_000;
/** So much of its soft age may be missing when a data key is replaced: thousands of tenants are not renewed at once. */
const SOFT_AGE_JITTER = 0.2;

/** What sealing keys stand on. */
export interface SealingKeyParts {
  readonly source: DataKeySource;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly ages: DataKeyAges;
  readonly saltLimits?: SaltLimits;
}

/** The data keys this process seals with: only ones that it generated itself, never one from a record. */
export class SealingKeys {
  readonly #parts: SealingKeyParts;
  readonly #tenants = new LruMap<TenantId, SealingKey>(MAX_TENANTS);
  readonly #generating = new Map<TenantId, Promise<SealingKey>>();

  constructor(parts: SealingKeyParts) {
    this.#parts = parts;
  }

  /** Runs `work` with the tenant's session, in the same turn in which the session was found fit. */
  use<T>(tenantId: TenantId, work: (session: SealingSession) => T): Eventual<T> {
    const nowMs = this.#nowMs;
    const key = this.#tenants.get(tenantId);
    if (key === undefined || nowMs >= key.hardAtMs) {
      return whenReady(this.#generate(tenantId), (made) => work(made.session(this.#nowMs)));
    }
    if (nowMs < key.quietUntilMs) return work(key.session(nowMs));
    const mustWait = key.check.mustWait(nowMs);
    const asked = key.check.running ?? this.#ask(tenantId, key);
    if (asked === undefined || mustWait) return whenReady(asked, () => this.use(tenantId, work));
    return work(key.session(nowMs));
  }

  /** The length of the wrapped data key that the tenant's next record carries, where it is known. */
  wrappedBytes(tenantId: TenantId): number | undefined {
    return this.#tenants.get(tenantId)?.dataKey.wrapped.length;
  }

  /** Forgets a tenant's data key, where it is wrapped under this key encryption key, or under any. */
  drop(tenantId: TenantId, kekId: Buffer | undefined): void {
    const key = this.#tenants.get(tenantId);
    if (key !== undefined && (kekId === undefined || kekId.equals(key.dataKey.kekId))) this.#tenants.delete(tenantId);
  }

  /** Forgets all data keys, also those that are being made: what waits for one gets the next. */
  clear(): void {
    this.#tenants.clear();
    this.#generating.clear();
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  /**
   * Has a new data key made, which is also how it is found out that the tenant's key may still be used: whoever
   * publishes need not have the right to unwrap. The new one takes over where the old one is due.
   *
   * @returns undefined where the answer is there already
   */
  #ask(tenantId: TenantId, key: SealingKey): Promise<void> | undefined {
    const { check } = key;
    const answered = (dataKey: DataKey): void => {
      check.running = undefined;
      // It was renewed or refused meanwhile.
      if (this.#tenants.get(tenantId) !== key) return;
      const nowMs = this.#nowMs;
      if (nowMs >= key.softAtMs || !dataKey.kekId.equals(key.dataKey.kekId)) this.#adopt(tenantId, dataKey);
      else key.confirmed(nowMs);
    };
    // The old key serves until its hard age; publishing fails with the reason only then.
    const failed = (): void => {
      check.running = undefined;
      key.unconfirmed(this.#nowMs);
    };
    let made: Eventual<DataKey>;
    try {
      made = this.#parts.source.generate(tenantId);
    } catch {
      failed();
      return undefined;
    }
    if (made instanceof Promise) return (check.running = made.then(answered, failed));
    answered(made);
    return undefined;
  }

  /** Many publishes that find no key make one call. */
  #generate(tenantId: TenantId): Eventual<SealingKey> {
    const running = this.#generating.get(tenantId);
    if (running !== undefined) return running;
    const made = this.#parts.source.generate(tenantId);
    if (!(made instanceof Promise)) return this.#adopt(tenantId, made);
    const isCurrent = (): boolean => this.#generating.get(tenantId) === shared;
    const shared = made.then(
      (dataKey) => {
        if (!isCurrent()) return this.#generate(tenantId);
        this.#generating.delete(tenantId);
        return this.#adopt(tenantId, dataKey);
      },
      (error: unknown) => {
        if (isCurrent()) this.#generating.delete(tenantId);
        throw error;
      },
    );
    this.#generating.set(tenantId, shared);
    return shared;
  }

  #adopt(tenantId: TenantId, dataKey: DataKey): SealingKey {
    const key = new SealingKey(dataKey, this.#nowMs, this.#parts);
    this.#tenants.set(tenantId, key);
    return key;
  }
}

class SealingKey {
  readonly dataKey: DataKey;
  readonly check: KeyCheck;
  readonly softAtMs: number;
  readonly hardAtMs: number;
  readonly #limits: SaltLimits;
  #quietUntilMs = 0;
  #session: SealingSession;
  #renewAtMs: number;

  constructor(dataKey: DataKey, nowMs: number, { ages, random, saltLimits = DEFAULT_SALT_LIMITS }: SealingKeyParts) {
    this.dataKey = dataKey;
    this.#limits = saltLimits;
    this.softAtMs = nowMs + ages.softAgeMs * (1 - SOFT_AGE_JITTER * random());
    this.hardAtMs = nowMs + ages.hardAgeMs;
    this.check = new KeyCheck(nowMs, random);
    this.confirmed(nowMs);
    this.#session = this.#newSession();
    this.#renewAtMs = nowMs + saltLimits.renewMs;
  }

  /** Until then there is nothing to ask the key service. */
  get quietUntilMs(): number {
    return this.#quietUntilMs;
  }

  confirmed(nowMs: number): void {
    this.check.confirmed(nowMs);
    this.#quietUntilMs = Math.min(this.check.dueAtMs, this.softAtMs);
  }

  unconfirmed(nowMs: number): void {
    this.check.failed(nowMs);
    this.#quietUntilMs = this.check.dueAtMs;
  }

  session(nowMs: number): SealingSession {
    if (nowMs >= this.#renewAtMs || this.#session.isSpent) {
      this.#session = this.#newSession();
      this.#renewAtMs = nowMs + this.#limits.renewMs;
    }
    return this.#session;
  }

  #newSession(): SealingSession {
    return new SealingSession(this.dataKey, randomBytes(SALT_BYTES), this.#limits.maxRecords);
  }
}
