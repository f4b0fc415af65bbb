import type { ConsumerCounts, EventConsumer } from '../api/consumer.js';
import { delay, systemClock } from '../core/clock.js';

/** How many records are to end how. What is left out must not happen. */
export interface ExpectedOutcomes {
  readonly handled?: number | undefined;
  readonly deadLettered?: number | undefined;
  /** Whatever the code. */
  readonly quarantined?: number | undefined;
  readonly erased?: number | undefined;
}

/** How long to wait. */
export interface WaitOptions {
  /** In milliseconds, for everything together. Default 10,000 */
  readonly timeoutMs?: number | undefined;
}

const POLL_MS = 10;

/**
 * Waits until a consumer's records have ended as a test expects them to, since its start.
 *
 * @throws Error as soon as more of them have ended in some way, and where the time is over
 *
 * @example
 * ```ts
 * await outcomes(worker, { handled: 2, deadLettered: 1 });
 * ```
 */
export async function outcomes(
  consumer: Pick<EventConsumer, 'groupId' | 'counts'>,
  expected: ExpectedOutcomes,
  { timeoutMs = 10_000 }: WaitOptions = {},
): Promise<ConsumerCounts> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const counts = consumer.counts();
    const ended = endedOf(counts);
    const pairs = ended.map(([name, count]) => [count, expected[name] ?? 0] as const);
    if (pairs.every(([count, wanted]) => count === wanted)) return counts;
    const isTooMuch = pairs.some(([count, wanted]) => count > wanted);
    if (isTooMuch || systemClock.monotonicMs() > deadlineMs) {
      const text = ended.map(([name, count]) => `${name} ${count} of ${expected[name] ?? 0}`).join(', ');
      throw new Error(
        `${consumer.groupId}: ${isTooMuch ? 'more than expected' : `not after ${timeoutMs} ms`}: ${text}`,
      );
    }
    await delay(systemClock, POLL_MS);
  }
}

/**
 * Waits until consumers have finished everything that was published, and everything that their handlers have published
 * meanwhile: of a chain of services, until it has come to rest.
 *
 * @throws TenantryError `ABORTED` where the time is over, `NOT_RUNNING`, `INVALID_STATE`
 */
export async function settled(
  consumers: readonly Pick<EventConsumer, 'caughtUp' | 'counts'>[],
  { timeoutMs = 10_000 }: WaitOptions = {},
): Promise<void> {
  const over = new AbortController();
  const timer = systemClock.setTimer(timeoutMs, () => {
    over.abort();
  });
  const counted = (): string => JSON.stringify(consumers.map((consumer) => consumer.counts()));
  try {
    for (let before: string | undefined; before !== counted();) {
      before = counted();
      for (const consumer of consumers) await consumer.caughtUp({ signal: over.signal });
    }
  } finally {
    timer.cancel();
  }
}

function endedOf(counts: ConsumerCounts): readonly (readonly [keyof ExpectedOutcomes, number])[] {
  const quarantined = Object.values(counts.quarantined).reduce((sum, count) => sum + count, 0);
  return [
    ['handled', counts.handled],
    ['deadLettered', counts.deadLettered],
    ['quarantined', quarantined],
    ['erased', counts.erased],
  ];
}
