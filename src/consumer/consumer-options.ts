import type { z } from 'zod';
import type { DedupeStore } from '../api/dedupe.js';
import type { ErasedRecord } from '../api/erased-record.js';
import { parseEventType } from '../contract/event-type.js';
import { lazySchema } from '../core/lazy-schema.js';
import { retryFields } from './handling/handler-policy.js';

/** The options of a consumer or worker; `ConsumerOptions` documents them. */
export const consumerOptionsSchema = lazySchema((z) => {
  const ms = z.int().min(1).max(86_400_000);
  const retry = retryFields();
  const retrySchema = z.strictObject({
    attempts: retry.attempts.default(5),
    backoffMs: retry.backoffMs.default(200),
    maxBackoffMs: retry.maxBackoffMs.default(30_000),
    isRetryable: retry.isRetryable.default(() => () => true),
  });
  const dedupeSchema = z.strictObject({
    store: z.custom<DedupeStore>(isDedupeStore, 'must have has and mark'),
    ttlMs: z.int().min(1_000).max(2_678_400_000).default(86_400_000),
  });
  return z.strictObject({
    concurrency: z.int().min(1).max(10_000).default(100),
    tenantConcurrency: z.int().min(1).max(10_000).optional(),
    maxBufferedRecords: z.int().min(1).max(1_000_000).default(2_000),
    maxBufferedBytes: z
      .int()
      .min(1_000)
      .default(64 * 1024 * 1024),
    retry: retrySchema.prefault({}),
    handlerTimeoutMs: ms.default(30_000),
    startFrom: z.enum(['earliest', 'latest']).default('earliest'),
    otherTypes: z.enum(['skip', 'dead-letter']).default('skip'),
    commitIntervalMs: ms.default(1_000),
    acceptUnprotected: z
      .array(
        z
          .string()
          .refine((type) => parseEventType(type) !== undefined, 'must be an event type such as orders.placed.v1'),
      )
      .default([]),
    dedupe: dedupeSchema.optional(),
    onErased: z
      .custom<(record: ErasedRecord) => unknown>((value) => typeof value === 'function', 'must be a function')
      .optional(),
  });
});

function isDedupeStore(value: unknown): value is DedupeStore {
  if (typeof value !== 'object' || value === null) return false;
  const { has, mark } = value as Partial<DedupeStore>;
  return typeof has === 'function' && typeof mark === 'function';
}

/** The options with their defaults. */
export type ResolvedConsumerOptions = z.output<ReturnType<typeof consumerOptionsSchema>>;
