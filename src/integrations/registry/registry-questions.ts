import { AsyncResource } from 'node:async_hooks';
import { isTenantryError, tenantryError, type TenantryError } from '../../core/errors.js';
import { LruMap } from '../../core/lru-map.js';
import { RegistryFailure } from '../../serde/registry/registry-http.js';
import { pauseMs, RegistryPresence, type PresenceParts } from './registry-presence.js';

/** Whoever may write records may name ids without end, so what is remembered of them is bounded. */
const MAX_ANSWERS = 10_000;
/** A no is believed for so long: what is missing may be registered any time. */
const NO_LASTS_MS = 30_000;

/** What a registry answers: it stays true where it is a yes, for the schema of an id never changes. */
type Answer = { readonly value: object } | No;

/** A definite no, or a question that got no answer. */
interface No {
  readonly error: TenantryError;
  readonly untilMs: number;
  /** How often in a row it got none. */
  readonly failures: number;
}

/**
 * Questions to the registry, none of which is asked twice: answers are kept, and who asks what is being asked waits
 * for the same answer. One that gets none is asked again after pauses that grow, and where the registry is there all
 * the same it alone fails. While the registry is away nobody waits: every question fails at once.
 */
export class RegistryQuestions {
  readonly #parts: PresenceParts;
  readonly #presence: RegistryPresence;
  readonly #answers = new LruMap<string, Answer>(MAX_ANSWERS);
  readonly #pending = new Map<string, Promise<object>>();
  // What is asked is everybody's, and so is the application's token: neither is had in the context of the tenant whose
  // event came first.
  readonly #background = new AsyncResource('tenantry.schema-registry');

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#presence = new RegistryPresence(parts);
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
    const { looking } = this.#presence;
    if (looking !== undefined) {
      await looking;
      return this.ask(key, ask);
    }
    const failure = this.#presence.failure();
    if (failure !== undefined) throw this.#errorOf(failure);
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
      this.#presence.seen();
      return value;
    } catch (error) {
      if (error instanceof RegistryFailure) throw this.#failed(key, error);
      this.#presence.seen();
      if (isTenantryError(error)) {
        const untilMs = this.#parts.clock.monotonicMs() + NO_LASTS_MS;
        this.#answers.set(key, { error, untilMs, failures: 0 });
      }
      throw error;
    }
  }

  #failed(key: string, failure: RegistryFailure): TenantryError {
    const held = this.#answers.get(key);
    const before = held !== undefined && 'failures' in held ? held.failures : 0;
    const error = this.#errorOf(failure);
    const no: No = { error, untilMs: this.#parts.clock.monotonicMs() + pauseMs(before), failures: before + 1 };
    this.#answers.set(key, no);
    void this.#presence.doubt().then((away) => {
      // It was not the question's fault, so that is asked as soon as the registry is back.
      if (away !== undefined && this.#answers.get(key) === no) this.#answers.delete(key);
    });
    return error;
  }

  #errorOf({ kind, message }: RegistryFailure): TenantryError {
    const { host } = this.#parts;
    return kind === 'denied'
      ? tenantryError('SCHEMA_REGISTRY_DENIED', `the schema registry ${host} refuses the credentials: ${message}`)
      : tenantryError('SCHEMA_REGISTRY_AWAY', `the schema registry ${host} gives no answer: ${message}`);
  }
}
