/** How a failing handler is tried again, compiled from the options. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** The application's: it may throw, and answer anything. */
  readonly isRetryable: (error: unknown) => boolean;
}

/**
 * The pause after the given number of failed attempts: doubled each time, up to the maximum, and between
 * half and all of that, so that what failed together does not come back together.
 *
 * @param random - a number from 0 (inclusive) to 1 (exclusive)
 */
export function backoffMs(
  policy: Pick<RetryPolicy, 'backoffMs' | 'maxBackoffMs'>,
  failedAttempts: number,
  random: number,
): number {
  const full = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.min(failedAttempts - 1, 30));
  return full * (0.5 + random / 2);
}

/**
 * Whether what a handler threw is worth another try. A predicate that fails says nothing about the event, so that is
 * tried again.
 *
 * @param onFailure - told what was wrong with the predicate
 */
export function isWorthRetrying(
  { isRetryable }: Pick<RetryPolicy, 'isRetryable'>,
  error: unknown,
  onFailure: (failure: unknown) => void,
): boolean {
  try {
    const answer: unknown = isRetryable(error);
    if (typeof answer === 'boolean') return answer;
    // It may be a promise. Nobody else awaits it, and where it rejects that would end the process.
    Promise.resolve(answer).catch(() => undefined);
    throw new TypeError('isRetryable answers true or false');
  } catch (failure) {
    onFailure(failure);
    return true;
  }
}
