import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { DataKeySource } from './data-key-source.js';
import type { DataKey } from './data-key.js';
import { SALT_BYTES } from './envelope-layout.js';
import { whenReady, type Eventual } from './eventual.js';
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
/** Between attempts to replace a data key that still serves. */
const REFRESH_RETRY_MS = 30_000;

/** The data keys this process seals with: only ones that it generated itself, never one from a record. */
export class SealingKeys {
  readonly #source: DataKeySource;
  readonly #clock: Clock;
  readonly #ages: DataKeyAges;
  readonly #saltLimits: SaltLimits;
  readonly #tenants = new LruMap<TenantId, SealingKey>(MAX_TENANTS);
  readonly #generating = new Map<TenantId, Promise<SealingKey>>();

  constructor(source: DataKeySource, clock: Clock, ages: DataKeyAges, saltLimits: SaltLimits = DEFAULT_SALT_LIMITS) {
    this.#source = source;
    this.#clock = clock;
    this.#ages = ages;
    this.#saltLimits = saltLimits;
  }

  /** Runs `work` with the tenant's session, in the same turn in which the session was found fit. */
  use<T>(tenantId: TenantId, work: (session: SealingSession) => T): Eventual<T> {
    const nowMs = this.#clock.monotonicMs();
    const key = this.#tenants.get(tenantId);
    if (key === undefined || nowMs >= key.hardAtMs) {
      return whenReady(this.#generate(tenantId), (made) => work(made.session(this.#clock.monotonicMs())));
    }
    if (nowMs >= key.refreshAtMs) {
      key.refreshAtMs = nowMs + REFRESH_RETRY_MS;
      this.#refresh(tenantId);
    }
    return work(key.session(nowMs));
  }

  /** The length of the wrapped data key that the tenant's next record carries, where it is known. */
  wrappedBytes(tenantId: TenantId): number | undefined {
    return this.#tenants.get(tenantId)?.wrappedBytes;
  }

  deleteTenant(tenantId: TenantId): void {
    this.#tenants.delete(tenantId);
  }

  /** Forgets all data keys, also those that are being made: what waits for one gets the next. */
  clear(): void {
    this.#tenants.clear();
    this.#generating.clear();
  }

  #refresh(tenantId: TenantId): void {
    try {
      const made = this.#generate(tenantId);
      if (made instanceof Promise) made.catch(ignoreUntilHardAge);
    } catch {
      ignoreUntilHardAge();
    }
  }

  /** Many publishes that find no key make one call. */
  #generate(tenantId: TenantId): Eventual<SealingKey> {
    const running = this.#generating.get(tenantId);
    if (running !== undefined) return running;
    const made = this.#source.generate(tenantId);
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
    const key = new SealingKey(dataKey, this.#clock.monotonicMs(), this.#ages, this.#saltLimits);
    this.#tenants.set(tenantId, key);
    return key;
  }
}

/** The old key serves until its hard age; publishing fails with the reason only then. */
function ignoreUntilHardAge(): void {
  return undefined;
}

class SealingKey {
  refreshAtMs: number;
  readonly hardAtMs: number;
  readonly #dataKey: DataKey;
  readonly #limits: SaltLimits;
  #session: SealingSession;
  #renewAtMs: number;

  constructor(dataKey: DataKey, nowMs: number, ages: DataKeyAges, limits: SaltLimits) {
    this.#dataKey = dataKey;
    this.#limits = limits;
    this.refreshAtMs = nowMs + ages.softAgeMs;
    this.hardAtMs = nowMs + ages.hardAgeMs;
    this.#session = this.#newSession();
    this.#renewAtMs = nowMs + limits.renewMs;
  }

  get wrappedBytes(): number {
    return this.#dataKey.wrapped.length;
  }

  session(nowMs: number): SealingSession {
    if (nowMs >= this.#renewAtMs || this.#session.isSpent) {
      this.#session = this.#newSession();
      this.#renewAtMs = nowMs + this.#limits.renewMs;
    }
    return this.#session;
  }

  #newSession(): SealingSession {
    return new SealingSession(this.#dataKey, randomBytes(SALT_BYTES), this.#limits.maxRecords);
  }
}
