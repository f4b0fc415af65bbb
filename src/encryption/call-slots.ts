import type { Clock, Timer } from '../core/clock.js';
import { deferred, type Deferred } from '../core/deferred.js';
import type { Eventual } from './eventual.js';
import { KeyServiceFailure } from './key-service.js';

/** Calls that run at once. */
export const SLOTS = { perKey: 4, overall: 64, suspects: 32 } as const;
/** Calls that wait for a slot, and how long. */
export const WAITING = { perKey: 64, overall: 20_000, maxMs: 30_000 } as const;

/** What a call holds while it runs. */
export interface Slot {
  readonly line: Line;
  readonly isSuspect: boolean;
}

/** The calls about one key. */
interface Line {
  readonly key: string;
  running: number;
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly slot: Deferred<Slot>;
  readonly timer: Timer;
}

/**
 * Bounds how many calls to the key service run at once, about one tenant's key and in all. The others wait in line and
 * the keys take turns, so that a tenant with many unknown data keys delays nobody. Keys about which the service did not
 * answer the last time have no more than half of the slots: calls that hang leave room for those that do not.
 */
export class CallSlots {
  readonly #clock: Clock;
  readonly #isSuspect: (key: string) => boolean;
  /** Of keys for which something runs or waits, and no others. */
  readonly #lines = new Map<string, Line>();
  /** Lines whose first call waits for nothing but its turn. */
  readonly #turns = new Set<Line>();
  /** The same where the key was found to be suspect. */
  readonly #suspects = new Set<Line>();
  #running = 0;
  #suspectsRunning = 0;
  #waiting = 0;

  constructor(clock: Clock, isSuspect: (key: string) => boolean) {
    this.#clock = clock;
    this.#isSuspect = isSuspect;
  }

  /**
   * A slot for one call, to be given back.
   *
   * @throws KeyServiceFailure `away` where too many wait, or it has waited too long
   */
  take(key: string): Eventual<Slot> {
    const line = this.#lineOf(key);
    if (line.waiting.length === 0 && this.#mayRun(line)) return this.#run(line);
    if (line.waiting.length >= WAITING.perKey || this.#waiting >= WAITING.overall) {
      this.#forget(line);
      throw new KeyServiceFailure('away', 'too-many-calls');
    }
    const slot = deferred<Slot>();
    const waiter: Waiter = {
      slot,
      timer: this.#clock.setTimer(WAITING.maxMs, () => {
        line.waiting.splice(line.waiting.indexOf(waiter), 1);
        this.#waiting -= 1;
        this.#offerTurn(line);
        this.#forget(line);
        slot.reject(new KeyServiceFailure('away', 'too-many-calls'));
      }),
    };
    line.waiting.push(waiter);
    this.#waiting += 1;
    this.#offerTurn(line);
    return slot.promise;
  }

  giveBack({ line, isSuspect }: Slot): void {
    line.running -= 1;
    this.#running -= 1;
    if (isSuspect) this.#suspectsRunning -= 1;
    this.#offerTurn(line);
    this.#forget(line);
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#start(next);
  }

  /** Fails the calls that wait: about one key, or all. */
  failWaiting(error: () => Error, key?: string): void {
    const line = key === undefined ? undefined : this.#lines.get(key);
    const lines = key === undefined ? [...this.#lines.values()] : line === undefined ? [] : [line];
    for (const each of lines) {
      const waiting = each.waiting.splice(0);
      this.#waiting -= waiting.length;
      this.#offerTurn(each);
      this.#forget(each);
      for (const { slot, timer } of waiting) {
        timer.cancel();
        slot.reject(error());
      }
    }
  }

  #next(): Line | undefined {
    if (this.#running >= SLOTS.overall) return undefined;
    for (const line of this.#turns) {
      if (!this.#isSuspect(line.key)) return line;
      this.#turns.delete(line);
      this.#suspects.add(line);
    }
    if (this.#suspectsRunning >= SLOTS.suspects) return undefined;
    for (const line of this.#suspects) return line;
    return undefined;
  }

  #start(line: Line): void {
    const waiter = line.waiting.shift();
    this.#turns.delete(line);
    this.#suspects.delete(line);
    if (waiter === undefined) return;
    waiter.timer.cancel();
    this.#waiting -= 1;
    const slot = this.#run(line);
    this.#offerTurn(line);
    waiter.slot.resolve(slot);
  }

  #mayRun(line: Line): boolean {
    if (line.running >= SLOTS.perKey || this.#running >= SLOTS.overall) return false;
    return this.#suspectsRunning < SLOTS.suspects || !this.#isSuspect(line.key);
  }

  #run(line: Line): Slot {
    const isSuspect = this.#isSuspect(line.key);
    line.running += 1;
    this.#running += 1;
    if (isSuspect) this.#suspectsRunning += 1;
    return { line, isSuspect };
  }

  #offerTurn(line: Line): void {
    if (line.waiting.length > 0 && line.running < SLOTS.perKey) {
      if (!this.#suspects.has(line)) this.#turns.add(line);
      return;
    }
    this.#turns.delete(line);
    this.#suspects.delete(line);
  }

  #lineOf(key: string): Line {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { key, running: 0, waiting: [] };
      this.#lines.set(key, line);
    }
    return line;
  }

  #forget(line: Line): void {
    if (line.running === 0 && line.waiting.length === 0) this.#lines.delete(line.key);
  }
}
