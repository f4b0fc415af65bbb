/**
 * The generic cell rate algorithm (ITU-T I.371), which is a token bucket that keeps one number: the time at
 * which the bucket will be full again. Nothing has to be refilled, and a time that has passed means a full
 * bucket, which is why such a state can be forgotten.
 *
 * Over any span of T milliseconds at most rate × (T + burst) units are admitted. A single record larger than
 * the whole burst is admitted when the bucket is full, and leaves it in debt.
 */

// Sums of fractions of a millisecond are off by less than this after a century of uptime. It is a fixed
// slack, not one for each record, so it adds up to nothing.
const SLACK_MS = 0.001;

/** How long a rate takes for an amount, in milliseconds; infinite for a rate that is not positive. */
export function durationMs(amount: number, perSecond: number): number {
  return perSecond > 0 ? (amount * 1_000) / perSecond : Number.POSITIVE_INFINITY;
}

/** How long until `costMs` fits, in milliseconds; 0 where it does now. */
export function waitMs(fullAtMs: number, nowMs: number, costMs: number, burstMs: number): number {
  if (costMs === Number.POSITIVE_INFINITY) return costMs;
  const excessMs = Math.max(fullAtMs - nowMs, 0) + Math.min(costMs, burstMs) - burstMs;
  return excessMs > SLACK_MS ? excessMs : 0;
}

/** The state after `costMs` was taken. An infinite cost takes nothing: no later rate could pay it off. */
export function take(fullAtMs: number, nowMs: number, costMs: number): number {
  return costMs === Number.POSITIVE_INFINITY ? fullAtMs : Math.max(fullAtMs, nowMs) + costMs;
}

/** The state after `costMs` was given back. */
export function giveBack(fullAtMs: number, costMs: number): number {
  return costMs === Number.POSITIVE_INFINITY ? fullAtMs : fullAtMs - costMs;
}
