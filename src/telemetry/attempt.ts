/**
 * Observes, and lets nothing of it out: an application's span processor or exporter that throws must not stop
 * the work that it would have told of. There is nobody left to tell.
 *
 * @returns undefined where it threw
 */
export function attempt<T>(observe: () => T): T | undefined {
  try {
    return observe();
  } catch {
    return undefined;
  }
}

/** What `work` came to, to be given later. */
export function outcomeOf<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
