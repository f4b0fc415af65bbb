import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { TenantRateLimit } from '../tenant/directory.js';
import { durationMs, giveBack, take, waitMs } from './gcra.js';
import { IdleSweep } from './idle-sweep.js';
import type { RateLimiter, RecordCost } from './limiter.js';

/** What a limiter in one process needs. */
export interface LocalRateLimiterOptions {
  readonly clock: Clock;
  /** The limits that hold for a tenant now; asked for every record, so a change counts at once. */
  readonly limitOf: (tenantId: TenantId) => TenantRateLimit | undefined;
  /** How much of its rate an idle tenant may use at once, in milliseconds of that rate. At least one record. Default 1,000. */
  readonly burstMs?: number | undefined;
  /** Idle tenants that are remembered before forgetting begins. Default 1,000. */
  readonly idleTenants?: number | undefined;
}

/** When each of a tenant's two buckets is full again, in monotonic milliseconds. */
interface TenantState {
  eventsFullAtMs: number;
  bytesFullAtMs: number;
}

/** A limiter that decides from this process alone. */
export interface LocalRateLimiter extends RateLimiter {
  /** Tenants that are remembered: those that used some of their rate a moment ago, and a bounded number of others. */
  readonly rememberedTenants: number;
}

/** A rate limiter for one process: events and bytes per second together, each tenant by itself. */
export function localRateLimiter(options: LocalRateLimiterOptions): LocalRateLimiter {
  return new GcraRateLimiter(options);
}

class GcraRateLimiter implements LocalRateLimiter {
  readonly #clock: Clock;
  readonly #limitOf: LocalRateLimiterOptions['limitOf'];
  readonly #burstMs: number;
  readonly #states = new Map<TenantId, TenantState>();
  readonly #sweep: IdleSweep<TenantId, TenantState>;

  constructor(options: LocalRateLimiterOptions) {
    this.#clock = options.clock;
    this.#limitOf = options.limitOf;
    this.#burstMs = options.burstMs ?? 1_000;
    this.#sweep = new IdleSweep(this.#states, options.idleTenants ?? 1_000);
  }

  get rememberedTenants(): number {
    return this.#states.size;
  }

  tryAdmit(tenantId: TenantId, cost: RecordCost): number {
    const limit = this.#limitOf(tenantId);
    if (!isLimited(limit)) return 0;
    const nowMs = this.#clock.monotonicMs();
    const state = this.#states.get(tenantId);
    const waitForEventsMs =
      limit.eventsPerSecond === undefined
        ? 0
        : waitMs(state?.eventsFullAtMs ?? nowMs, nowMs, durationMs(1, limit.eventsPerSecond), this.#burstMs);
    const waitForBytesMs =
      limit.bytesPerSecond === undefined
        ? 0
        : waitMs(state?.bytesFullAtMs ?? nowMs, nowMs, durationMs(cost.bytes, limit.bytesPerSecond), this.#burstMs);
    const totalMs = Math.max(waitForEventsMs, waitForBytesMs);
    if (totalMs === 0) this.#take(tenantId, state, limit, cost, nowMs);
    return totalMs;
  }

  charge(tenantId: TenantId, cost: RecordCost): void {
    const limit = this.#limitOf(tenantId);
    if (isLimited(limit)) this.#take(tenantId, this.#states.get(tenantId), limit, cost, this.#clock.monotonicMs());
  }

  refund(tenantId: TenantId, cost: RecordCost): void {
    const limit = this.#limitOf(tenantId);
    const state = this.#states.get(tenantId);
    // A state that was forgotten was full: there is nothing to give back to.
    if (state === undefined || limit === undefined) return;
    if (limit.eventsPerSecond !== undefined) {
      state.eventsFullAtMs = giveBack(state.eventsFullAtMs, durationMs(1, limit.eventsPerSecond));
    }
    if (limit.bytesPerSecond !== undefined) {
      state.bytesFullAtMs = giveBack(state.bytesFullAtMs, durationMs(cost.bytes, limit.bytesPerSecond));
    }
  }

  #take(
    tenantId: TenantId,
    known: TenantState | undefined,
    limit: TenantRateLimit,
    cost: RecordCost,
    nowMs: number,
  ): void {
    let state = known;
    if (state === undefined) {
      state = { eventsFullAtMs: nowMs, bytesFullAtMs: nowMs };
      this.#states.set(tenantId, state);
    }
    if (limit.eventsPerSecond !== undefined) {
      state.eventsFullAtMs = take(state.eventsFullAtMs, nowMs, durationMs(1, limit.eventsPerSecond));
    }
    if (limit.bytesPerSecond !== undefined) {
      state.bytesFullAtMs = take(state.bytesFullAtMs, nowMs, durationMs(cost.bytes, limit.bytesPerSecond));
    }
    this.#sweep.step((other) => other.eventsFullAtMs <= nowMs && other.bytesFullAtMs <= nowMs);
  }
}

function isLimited(limit: TenantRateLimit | undefined): limit is TenantRateLimit {
  return limit !== undefined && (limit.eventsPerSecond !== undefined || limit.bytesPerSecond !== undefined);
}
