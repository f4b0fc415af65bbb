import type { Clock } from '../../core/clock.js';
import type { RegistryFailure } from '../../serde/registry/registry-http.js';
import type { Telemetry } from '../../telemetry/telemetry.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** Who may not list subjects is known, and is answered. */
const FORBIDDEN = 403;

export interface PresenceParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly host: string;
  /** Asks for nothing but an answer. Rejects with a `RegistryFailure`. */
  readonly ping: () => Promise<void>;
}

interface Away {
  readonly failure: RegistryFailure;
  /** How often it was looked for since. */
  looks: number;
  /** Whether somebody wanted an answer since it was looked for last. */
  isWanted: boolean;
}

/**
 * Whether a registry is there at all. A question of its own tells: any other that fails may be at fault itself, and
 * whoever may write records chooses what is asked. While the registry is away it is looked for again and again, after
 * pauses that grow, until it answers or nobody wants to know any more.
 */
export class RegistryPresence {
  readonly #parts: PresenceParts;
  #away: Away | undefined;
  #looking: Promise<RegistryFailure | undefined> | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** Settles once it is known whether the registry is there; undefined where nobody doubts it. */
  get looking(): Promise<unknown> | undefined {
    return this.#looking;
  }

  /** Why it is away, for somebody who wants an answer; undefined where it is not. */
  failure(): RegistryFailure | undefined {
    if (this.#away !== undefined) this.#away.isWanted = true;
    return this.#away?.failure;
  }

  /** A question failed. @returns why the registry is away; undefined where it is there all the same */
  doubt(): Promise<RegistryFailure | undefined> {
    if (this.#away !== undefined) return Promise.resolve(this.#away.failure);
    this.#looking ??= this.#find().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** It gave an answer, to whatever. */
  seen(): void {
    if (this.#away === undefined) return;
    this.#away = undefined;
    this.#parts.telemetry.log('schemaRegistryBack', { registry: this.#parts.host });
  }

  async #find(): Promise<RegistryFailure | undefined> {
    const failure = await this.#look();
    if (failure === undefined) return undefined;
    const { telemetry, host } = this.#parts;
    telemetry.log('schemaRegistryAway', { registry: host, reason: failure.message });
    this.#away = { failure, looks: 0, isWanted: true };
    this.#lookLater(this.#away);
    return failure;
  }

  async #look(): Promise<RegistryFailure | undefined> {
    try {
      await this.#parts.ping();
      return undefined;
    } catch (error) {
      const failure = error as RegistryFailure;
      return failure.status === FORBIDDEN ? undefined : failure;
    }
  }

  #lookLater(away: Away): void {
    this.#parts.clock.setTimer(pauseMs(away.looks), () => {
      if (this.#away !== away) return;
      if (!away.isWanted) {
        this.#away = undefined; // the next question finds out
        return;
      }
      away.isWanted = false;
      away.looks += 1;
      void this.#look().then((failure) => {
        if (this.#away !== away) return;
        if (failure === undefined) this.seen();
        else this.#lookLater(away);
      });
    });
  }
}

/** How long nothing is asked after so many failures before the last. */
export function pauseMs(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
}
