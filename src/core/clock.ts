/** A timer that has been set; cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  /** The callback is not called any more. */
  cancel(): void;
}

/** The only source of time in this library, so that tests and simulations can own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds from an arbitrary origin; never goes backwards. */
  monotonicMs(): number;
  /**
   * Calls `callback` once, `delayMs` from now. The process is kept alive for it only where `keepAlive` is true:
   * where a promise waits for it that somebody may await with nothing else going on.
   */
  setTimer(delayMs: number, callback: () => void, options?: { readonly keepAlive: boolean }): Timer;
}

const MAX_TIMER_MS = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback, options) {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    if (options?.keepAlive !== true) handle.unref();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  },
};

/** Resolves after `delayMs`, or as soon as `signal` is aborted; it never rejects. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimer(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
