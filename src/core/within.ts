import { delay, type Clock } from './clock.js';

/** Waits until `work` has settled, at most for `ms`. @returns whether it has */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, delay(clock, ms, over.signal).then(() => false)]);
  over.abort();
  return inTime;
}
