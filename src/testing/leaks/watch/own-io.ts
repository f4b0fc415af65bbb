import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<true>();

/** Runs what a network client does inside, which is neither watched once more nor held. */
export function asOwnIo<T>(work: () => T): T {
  return storage.run(true, work);
}

/** Whether a network client is at work here. */
export function isOwnIo(): boolean {
  return storage.getStore() === true;
}
