import { AsyncResource } from 'node:async_hooks';
import type { Interleaving } from './interleaving.js';

const NEVER_MS = 2_147_483_647;

/** The timers of Node.js. */
type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>;

/** Timers that fire when the interleaving says so, and can be cancelled in each way that Node.js knows. */
export class HeldTimeouts {
  readonly #interleaving: Interleaving;
  readonly #set: Timers['setTimeout'];
  readonly #clear: Timers['clearTimeout'];
  readonly #cancels = new WeakMap<object, () => void>();
  /** Those that were asked for their number. */
  readonly #byNumber = new Map<string, NodeJS.Timeout>();

  /** @param timers - what is real, taken before anything is put in its place */
  constructor(interleaving: Interleaving, { setTimeout, clearTimeout }: Timers) {
    this.#interleaving = interleaving;
    this.#set = setTimeout;
    this.#clear = clearTimeout;
  }

  /** What the caller gets is a real one, so that it can do with it what one does; by itself it never fires. */
  start(delayMs: number, callback: () => void): NodeJS.Timeout {
    const handle = this.#set(() => undefined, NEVER_MS).unref();
    let takeBack: (() => void) | undefined;
    let isCancelled = false;
    const fire = AsyncResource.bind(() => {
      this.#clear(handle);
      callback();
    });
    const hold = (): void => {
      takeBack?.();
      if (!isCancelled) takeBack = this.#interleaving.holdTimer(delayMs, fire);
    };
    hold();
    this.#cancels.set(handle, () => {
      isCancelled = true;
      takeBack?.();
    });
    const end = (): void => {
      this.cancel(handle);
      this.#clear(handle);
    };
    const toNumber = handle[Symbol.toPrimitive].bind(handle);
    return Object.assign(handle, {
      close: () => {
        end();
        return handle;
      },
      refresh: () => {
        hold();
        return handle;
      },
      [Symbol.dispose]: end,
      [Symbol.toPrimitive]: () => {
        const number = toNumber();
        this.#byNumber.set(String(number), handle);
        return number;
      },
    });
  }

  /** Has it not fire, whatever names it; does nothing where nothing held is named. */
  cancel(named: unknown): void {
    const isNumber = typeof named === 'number' || typeof named === 'string';
    const handle = isNumber ? this.#byNumber.get(String(named)) : named;
    if (typeof handle !== 'object' || handle === null) return;
    this.#cancels.get(handle)?.();
  }
}
