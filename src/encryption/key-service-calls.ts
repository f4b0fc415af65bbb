import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { describeFetchError, isTenantryError, tenantryError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { CallSlots, type Slot } from './call-slots.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { Eventual } from './eventual.js';
import { KeyServiceFailure } from './key-service.js';
import type { TenantKek } from './tenant-kek.js';

/** How long a key service may take to answer. */
export const KEY_SERVICE_TIMEOUT_MS = 5_000;
/** The same for a call that somebody makes by hand, and that may take several of the service's own. */
export const ONCE_TIMEOUT_MS = 30_000;

/** What calls stand on. */
export interface CallParts {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Overwrites what is secret in an answer that came too late for anybody. */
  readonly wipe: (answer: unknown) => void;
}

type Ask<T> = (signal: AbortSignal) => Eventual<T>;

/**
 * Calls to a key service: in time, bounded, and hardly any while it is away. A key about which it does not answer is
 * asked about in the background, by one call at a time; whoever needs the key is told at once meanwhile, so that a
 * service that hangs takes nobody's time but its own.
 */
export class KeyServiceCalls {
  readonly #parts: CallParts;
  readonly #breaker: CircuitBreaker;
  readonly #slots: CallSlots;
  readonly #probes = new Map<string, Timer>();
  // Calls run in the context of whoever made the cipher, never in that of the tenant whose record came first.
  readonly #background = new AsyncResource('tenantry.key-service');
  /** Ends each call that runs. */
  readonly #running = new Set<() => void>();
  #closed = false;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#breaker = new CircuitBreaker(parts.random);
    this.#slots = new CallSlots(parts.clock, (key) => this.#breaker.isSuspect(key));
  }

  /** The names of the keys about which the service is away. */
  away(): Iterable<string> {
    return this.#breaker.open();
  }

  /** @throws KeyServiceFailure `away` where the service is known to be */
  assertNotAway({ name }: TenantKek): void {
    if (!this.#breaker.admits(name)) throw new KeyServiceFailure('away', 'circuit-open');
  }

  /**
   * Fails with what the driver throws, with `KeyServiceFailure` `away`, or `NOT_RUNNING` once closed.
   *
   * @param ask - the call itself; it may be made again, to find out whether the service is back
   */
  call<T>(kek: TenantKek, ask: Ask<T>): Eventual<T> {
    this.assertNotAway(kek);
    const slot = this.#slots.take(kek.name);
    return slot instanceof Promise ? slot.then((taken) => this.#run(kek, ask, taken)) : this.#run(kek, ask, slot);
  }

  /**
   * A call that is made once and never again in the background, whatever comes of it, and that says nothing about
   * whether the service is there for others. Fails as `call` does, but never because the service is known to be away.
   */
  async once<T>(kek: TenantKek, ask: Ask<T>): Promise<T> {
    const slot = await this.#slots.take(kek.name);
    const abort = new AbortController();
    try {
      if (this.#closed) throw closed();
      const answer = Promise.resolve(this.#background.runInAsyncScope(ask, undefined, abort.signal));
      return await this.#inTime(answer, abort, ONCE_TIMEOUT_MS);
    } finally {
      this.#slots.giveBack(slot);
    }
  }

  /** Ends the calls that wait. The key service itself may serve others and goes on. */
  close(): void {
    for (const timer of this.#probes.values()) timer.cancel();
    this.#probes.clear();
    this.#closed = true;
    this.#slots.failWaiting(closed);
    for (const end of this.#running) end();
  }

  #run<T>(kek: TenantKek, ask: Ask<T>, slot: Slot): Eventual<T> {
    const abort = new AbortController();
    let answer: Eventual<T>;
    try {
      if (this.#closed) throw closed();
      answer = this.#background.runInAsyncScope(ask, undefined, abort.signal);
    } catch (failure) {
      this.#failed(kek, ask, slot, failure);
      throw failure;
    }
    if (!(answer instanceof Promise)) {
      this.#answered(kek, slot);
      return answer;
    }
    return this.#inTime(answer, abort).then(
      (ready) => {
        this.#answered(kek, slot);
        return ready;
      },
      (failure: unknown) => {
        this.#failed(kek, ask, slot, failure);
        throw failure;
      },
    );
  }

  async #inTime<T>(answer: Promise<T>, abort: AbortController, timeoutMs = KEY_SERVICE_TIMEOUT_MS): Promise<T> {
    // A driver that does not listen to its signal must not hold anybody either.
    const abandoned = deferred<never>();
    const abandon = (error: Error): void => {
      abandoned.reject(error);
      abort.abort();
      answer.then(this.#parts.wipe, () => undefined);
    };
    const timer = this.#parts.clock.setTimer(timeoutMs, () => {
      abandon(new KeyServiceFailure('away', TIMEOUT));
    });
    const end = (): void => {
      abandon(closed());
    };
    this.#running.add(end);
    try {
      return await Promise.race([answer, abandoned.promise]);
    } finally {
      timer.cancel();
      this.#running.delete(end);
    }
  }

  #answered(kek: TenantKek, slot: Slot): void {
    if (this.#breaker.answered(kek.name)) {
      this.#probes.get(kek.name)?.cancel();
      this.#probes.delete(kek.name);
      this.#parts.telemetry.log('keyServiceBack', { tenant: kek.tenantId, kek: kek.kekId.toString('hex') });
    }
    this.#slots.giveBack(slot);
  }

  #failed(kek: TenantKek, ask: Ask<unknown>, slot: Slot, failure: unknown): void {
    if (isTenantryError(failure)) {
      this.#slots.giveBack(slot);
      return;
    }
    if (failure instanceof KeyServiceFailure && failure.kind !== 'away') {
      this.#answered(kek, slot);
      return;
    }
    const { name, tenantId, kekId } = kek;
    const reason = reasonOf(failure);
    if (this.#breaker.failed(name, reason === TIMEOUT ? 'timeout' : 'other')) {
      this.#parts.telemetry.log('keyServiceAway', { tenant: tenantId, kek: kekId.toString('hex'), reason });
      this.#slots.failWaiting(() => new KeyServiceFailure('away', reason), name);
      this.#probeLater(kek, ask);
    }
    this.#slots.giveBack(slot);
  }

  #probeLater(kek: TenantKek, ask: Ask<unknown>): void {
    this.#probes.get(kek.name)?.cancel();
    const timer = this.#parts.clock.setTimer(this.#breaker.pauseMs(kek.name), () => {
      this.#probes.delete(kek.name);
      if (this.#breaker.mayProbe(kek.name)) void this.#probe(kek, ask);
    });
    this.#probes.set(kek.name, timer);
  }

  async #probe(kek: TenantKek, ask: Ask<unknown>): Promise<void> {
    try {
      this.#parts.wipe(await this.#run(kek, ask, await this.#slots.take(kek.name)));
    } catch {
      // What it means is booked already.
    }
    // It did not answer, or there was no slot for it.
    if (this.#breaker.isOpen(kek.name) && !this.#closed) this.#probeLater(kek, ask);
  }
}

const TIMEOUT = 'timeout';
const REASON = /^[\w.-]{1,64}$/;

/** The name of what went wrong, where it is one: never a text of the service. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof KeyServiceFailure)) return describeFetchError(failure);
  return REASON.test(failure.message) ? failure.message : 'no reason given';
}

function closed(): Error {
  return tenantryError('NOT_RUNNING', 'the cipher was closed while it waited for the key service');
}
