import type { Clock } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { codeOf, reasonOf, requestError } from './librdkafka-errors.js';
import type { DriverError } from './driver-types.js';

/**
 * Calls that run on another thread inside the native client. Ending the client frees what they use, so whoever
 * ends it waits for them first.
 */
export class NativeCalls {
  readonly #running = new Set<Promise<unknown>>();

  /** Turns a call with a callback into a promise that fails as `requestError` says. */
  run<T>(
    what: string,
    start: (callback: (error: DriverError | null | undefined, value: T) => void) => void,
  ): Promise<T> {
    const result = deferred<T>();
    this.#track(result.promise);
    try {
      start((error, value) => {
        if (error) result.reject(requestError(what, codeOf(error), reasonOf(error)));
        else result.resolve(value);
      });
    } catch (error) {
      result.reject(requestError(what, codeOf(error), reasonOf(error)));
    }
    return result.promise;
  }

  /** Resolves once none is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #track(call: Promise<unknown>): void {
    const forget = (): void => {
      this.#running.delete(call);
    };
    this.#running.add(call);
    call.then(forget, forget);
  }
}

/** Resolves with the promise, or after `timeoutMs`. */
export async function atMost(clock: Clock, timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  const end = deferred<undefined>();
  const finish = (): void => {
    end.resolve(undefined);
  };
  const timer = clock.setTimer(timeoutMs, finish);
  promise.then(finish, finish);
  await end.promise;
  timer.cancel();
}
