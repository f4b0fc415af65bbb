/** How a failing handler is tried again, in place, while the events of the same aggregate wait. */
export interface RetryOptions {
  /** Tries in all, the first included; then the dead-letter topic. 1 to 1,000. Default 5. */
  readonly attempts?: number | undefined;
  /** Pause before the second try; doubled for each further one, with jitter. Default 200. */
  readonly backoffMs?: number | undefined;
  /** The longest pause. Default 30,000. */
  readonly maxBackoffMs?: number | undefined;
  /**
   * Whether what a handler threw is worth another try; where it is not, the event goes to the dead letters at once.
   * Not asked about `deadLetter` and `retryAfter`, nor once the handler's time was over. Where it throws, or answers
   * neither true nor false, the event is tried again, and the log says so. Default: everything is.
   */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
}
