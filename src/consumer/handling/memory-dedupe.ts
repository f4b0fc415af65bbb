import type { z } from 'zod';
import type { DedupeStore } from '../../api/dedupe.js';
import { systemClock, type Clock } from '../../core/clock.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { LruMap } from '../../core/lru-map.js';

const memoryDedupeSchema = lazySchema((z) =>
  z.strictObject({
    maxEntries: z.int().min(1).max(10_000_000).default(100_000),
  }),
);

/**
 * Options of `memoryDedupe`.
 *
 * - `maxEntries`: how many handled events are remembered; beyond it the one that was used longest ago is forgotten.
 *   Each takes about 200 bytes. Default 100,000
 *
 * @interface
 */
export type MemoryDedupeOptions = z.input<ReturnType<typeof memoryDedupeSchema>>;

/**
 * Remembers handled events in this process, for tests and for producers that send an event twice. It knows nothing of
 * what other processes handled, and nothing after a restart: where that counts, use a store that all share.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function memoryDedupe(options: MemoryDedupeOptions = {}): DedupeStore {
  const { maxEntries } = checkOptions('memoryDedupe', memoryDedupeSchema, options);
  return new MemoryDedupe(systemClock, maxEntries);
}

/** A bounded store in memory. */
export class MemoryDedupe implements DedupeStore {
  readonly #clock: Clock;
  /** When each key is forgotten, on the monotonic clock. */
  readonly #untilMs: LruMap<string, number>;

  constructor(clock: Clock, maxEntries: number) {
    this.#clock = clock;
    this.#untilMs = new LruMap(maxEntries);
  }

  has(key: string): boolean {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (this.#clock.monotonicMs() < untilMs) return true;
    this.#untilMs.delete(key);
    return false;
  }

  mark(key: string, ttlMs: number): void {
    this.#untilMs.set(key, this.#clock.monotonicMs() + ttlMs);
  }
}
