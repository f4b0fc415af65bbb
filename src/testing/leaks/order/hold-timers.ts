import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { HeldTimeouts } from './held-timeouts.js';
import type { Interleaving } from './interleaving.js';
import { isOwnIo } from '../watch/own-io.js';
import { currentRun } from '../watch/owner.js';
import { patched } from '../watch/patched.js';

type AnyTimeout = typeof setTimeout;

/**
 * Has the timers that handlers set for at most `maxMs` fire when the interleaving says so, in place of waiting; with 0 none.
 *
 * @returns puts the timers back
 */
export function holdTimers(interleaving: Interleaving, maxMs: number): () => void {
  const timeouts = new HeldTimeouts(interleaving, timers);
  const isHeld = (delayMs: unknown): boolean =>
    maxMs > 0 && currentRun() !== undefined && !isOwnIo() && msOf(delayMs) <= maxMs;

  const sleep =
    (original: typeof timersPromises.setTimeout) =>
    <T>(delayMs?: number, value?: T, options?: Parameters<typeof original>[2]): Promise<T | undefined> => {
      if (!isHeld(delayMs) || options?.signal !== undefined) return original(delayMs, value as T, options);
      return new Promise((resolve) => {
        interleaving.holdTimer(msOf(delayMs), () => {
          resolve(value);
        });
      });
    };
  const heldSleep = sleep(timersPromises.setTimeout) as typeof timersPromises.setTimeout;

  const start = (original: AnyTimeout): AnyTimeout => {
    const set = (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout => {
      if (!isHeld(delayMs)) return original(callback, delayMs, ...args);
      return timeouts.start(msOf(delayMs), () => {
        callback(...args);
      });
    };
    return Object.assign(set, { [promisify.custom]: heldSleep }) as unknown as AnyTimeout;
  };
  const clear =
    (original: typeof clearTimeout): typeof clearTimeout =>
    (handle: unknown) => {
      timeouts.cancel(handle);
      original(handle as NodeJS.Timeout);
    };

  const undo = [
    patched(globalThis, 'setTimeout', start),
    patched(globalThis, 'clearTimeout', clear),
    // To Node.js both clear the same.
    patched(globalThis, 'clearInterval', clear),
    patched(timers, 'setTimeout', start),
    patched(timers, 'clearTimeout', clear),
    patched(timers, 'clearInterval', clear),
    patched(timersPromises, 'setTimeout', () => heldSleep),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const each of undo.reverse()) each();
    syncBuiltinESMExports();
  };
}

/** Node.js takes texts as well, and what is no number as no time. */
function msOf(delayMs: unknown): number {
  return Number(delayMs) || 0;
}
