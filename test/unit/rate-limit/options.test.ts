import { describe, expect, it } from 'vitest';
import { effectiveRateLimit, rateLimitSchema } from '../../../src/rate-limit/options.js';

describe('rateLimitSchema', () => {
  it('fills the documented defaults in', () => {
    expect(rateLimitSchema().parse({})).toEqual({
      onLimit: 'wait',
      maxWaitMs: 30_000,
      maxWaiting: 10_000,
      burstMs: 1_000,
    });
  });

  it.each([
    { default: { eventsPerSecond: 0 } },
    { default: { bytesPerSecond: -1 } },
    { default: { eventsPerSecond: Number.NaN } },
    { default: { eventsPerSecond: Number.POSITIVE_INFINITY } },
    { default: { eventPerSecond: 5 } },
    { onLimit: 'drop' },
    { maxWaiting: 0 },
    { burstMs: 0.5 },
    { wait: true },
  ])('refuses %j', (options) => {
    expect(rateLimitSchema().safeParse(options).success).toBe(false);
  });
});

describe('effectiveRateLimit', () => {
  it('looks up each limit by itself', () => {
    const fallback = { eventsPerSecond: 500, bytesPerSecond: 1_000_000 };
    expect(effectiveRateLimit({ eventsPerSecond: 5_000 }, fallback)).toEqual({
      eventsPerSecond: 5_000,
      bytesPerSecond: 1_000_000,
    });
    expect(effectiveRateLimit(undefined, fallback)).toBe(fallback);
    expect(effectiveRateLimit({ eventsPerSecond: 1 }, undefined)).toEqual({ eventsPerSecond: 1 });
    expect(effectiveRateLimit(undefined, undefined)).toBeUndefined();
  });
});
