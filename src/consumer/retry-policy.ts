/** How a failing handler is tried again, compiled from the options. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * The pause after the given number of failed attempts: doubled each time, up to the maximum, and between
 * half and all of that, so that what failed together does not come back together.
 *
 * @param random - a number from 0 (inclusive) to 1 (exclusive)
 */
export function backoffMs(policy: RetryPolicy, failedAttempts: number, random: number): number {
  const full = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(failedAttempts - 1, 30));
  return full * (0.5 + random / 2);
}
