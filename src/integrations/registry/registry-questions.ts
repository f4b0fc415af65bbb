import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../../core/clock.js';
import { isTenantryError, tenantryError, type TenantryError } from '../../core/errors.js';
import { LruMap } from '../../core/lru-map.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { RegistryFailure } from '../../serde/registry/registry-http.js';

/** Whoever may write records may name ids without end, so what is remembered of them is bounded. */
const MAX_ANSWERS = 10_000;
/** A no is believed for so long: what is missing may be registered any time. */
const NO_LASTS_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** What a registry answers: it stays true where it is a yes, for the schema of an id never changes. */
type Answer = { readonly value: object } | { readonly error: TenantryError; readonly untilMs: number };

interface Away {
  readonly failure: RegistryFailure;
  /** How often it was asked since. */
  probes: number;
  /** Whether somebody wanted an answer since it was asked last. */
  isWanted: boolean;
}

export interface QuestionParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly host: string;
}

/**
 * Questions to the registry, none of which is asked twice: answers are kept, and who asks what is being asked waits
 * for the same answer. While the registry is away nobody waits: every question fails at once, and the one that found
 * it out is asked again and again, after pauses that grow, until it is answered or nobody wants to know any more.
 */
export class RegistryQuestions {
  readonly #parts: QuestionParts;
  readonly #answers = new LruMap<string, Answer>(MAX_ANSWERS);
  readonly #pending = new Map<string, Promise<object>>();
  // What is asked is everybody's, and so is the application's token: neither is had in the context of the tenant whose
  // event came first.
  readonly #background = new AsyncResource('tenantry.schema-registry');
  #away: Away | undefined;

  constructor(parts: QuestionParts) {
    this.#parts = parts;
  }

  /**
   * @param key - names the question, and with it the type of its answer
   * @param ask - a `TenantryError` that it rejects with is an answer too: a definite no
   * @throws TenantryError `SCHEMA_REGISTRY_AWAY`, `SCHEMA_REGISTRY_DENIED`, or a no
   */
  async ask<T extends object>(key: string, ask: () => Promise<T>): Promise<T> {
    const held = this.#answers.get(key);
    if (held !== undefined) {
      if ('value' in held) return held.value as T;
      if (this.#parts.clock.monotonicMs() < held.untilMs) throw held.error;
    }
    if (this.#away !== undefined) {
      this.#away.isWanted = true;
      throw this.#errorOf(this.#away.failure);
    }
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = this.#background.runInAsyncScope(() => this.#ask(key, ask)).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    return (await pending) as T;
  }

  /** Keeps an answer that came with another question's. */
  remember(key: string, value: object): void {
    this.#answers.set(key, { value });
  }

  async #ask(key: string, ask: () => Promise<object>): Promise<object> {
    try {
      const value = await ask();
      this.remember(key, value);
      this.#onAnswered();
      return value;
    } catch (error) {
      if (error instanceof RegistryFailure) {
        this.#onFailed(error, key, ask);
        throw this.#errorOf(error);
      }
      this.#onAnswered();
      if (isTenantryError(error))
        this.#answers.set(key, { error, untilMs: this.#parts.clock.monotonicMs() + NO_LASTS_MS });
      throw error;
    }
  }

  #onAnswered(): void {
    if (this.#away === undefined) return;
    this.#away = undefined;
    this.#parts.telemetry.log('schemaRegistryBack', { registry: this.#parts.host });
  }

  #onFailed(failure: RegistryFailure, key: string, ask: () => Promise<object>): void {
    if (this.#away !== undefined) return; // it was asked before it was found to be away
    const { clock, telemetry, host } = this.#parts;
    telemetry.log('schemaRegistryAway', { registry: host, reason: failure.message });
    const away: Away = { failure, probes: 0, isWanted: true };
    this.#away = away;
    const probe = (): void => {
      if (this.#away !== away) return;
      if (!away.isWanted) {
        this.#away = undefined; // the next question finds out
        return;
      }
      away.isWanted = false;
      away.probes += 1;
      this.#ask(key, ask).then(undefined, () => {
        if (this.#away === away) clock.setTimer(pauseMs(away.probes), probe);
      });
    };
    clock.setTimer(pauseMs(0), probe);
  }

  #errorOf({ kind, message }: RegistryFailure): TenantryError {
    const { host } = this.#parts;
    return kind === 'denied'
      ? tenantryError('SCHEMA_REGISTRY_DENIED', `the schema registry ${host} refuses the credentials: ${message}`)
      : tenantryError('SCHEMA_REGISTRY_AWAY', `the schema registry ${host} gives no answer: ${message}`);
  }
}

function pauseMs(probes: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** probes);
}
