/**
 * Does what takes no signal, and gives it up once one is aborted: it may go on behind that, and nobody waits for it.
 *
 * @param why - the error for what was given up
 */
export function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>, why: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(why());
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}
