import type { Clock } from './clock.js';
import { deferred } from './deferred.js';

/**
 * Asks code of the application, and gives it up after a while. Rejects with what it throws or rejects with, or with an
 * error of the name `TimeoutError`.
 */
export async function answerInTime<T>(clock: Clock, ms: number, ask: () => T | PromiseLike<T>): Promise<T> {
  const over = deferred<never>();
  const timer = clock.setTimer(ms, () => {
    over.reject(Object.assign(new Error('there was no answer in time'), { name: 'TimeoutError' }));
  });
  try {
    return await Promise.race([ask(), over.promise]);
  } finally {
    timer.cancel();
  }
}
