import { delay, type Clock } from '../../src/core/clock.js';
import { deadLetter, retryAfter } from '../../src/consumer/handling/handler-verdict.js';
import type { Outcome } from './engine-simulation-logs.js';

/** Does what a handler is planned to do; counts it as hanging while it is beyond its time. */
export async function act(
  outcome: Outcome,
  clock: Clock,
  watch: { hanging: number },
  signal: AbortSignal,
): Promise<void> {
  switch (outcome) {
    case 'return':
      return;
    case 'throw':
      throw new Error('as planned');
    case 'deadLetter':
      throw deadLetter('as planned');
    case 'retryAfter':
      throw retryAfter(70);
    case 'slow':
      return delay(clock, 60);
    case 'late':
      // Longer than its time and grace; it ends when its time is over, or long after.
      watch.hanging += 1;
      await delay(clock, 7_000);
      watch.hanging -= 1;
      if (signal.aborted) throw new Error('aborted');
      return;
    case 'never':
      watch.hanging += 1;
      await new Promise(() => undefined);
  }
}
