import type { Clock } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';

const FRESH_MS = 5 * 60_000;
/** Topics may be named after tenants, so there must be an end. */
const MAX_TOPICS = 10_000;

/** Asks the broker how many partitions a topic has; 0 where it does not exist. */
export type AskPartitionCount = (topic: string, timeoutMs: number) => Promise<number>;

interface KnownCount {
  count: number;
  askedAtMs: number;
}

/**
 * How many partitions the topics have: known at once after the first time, asked for again in the background
 * after five minutes, since partitions may be added. One request at a time: each occupies a thread of libuv's
 * pool while the broker is away, and that pool serves the whole process.
 */
export class PartitionCounts {
  readonly #ask: AskPartitionCount;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #known = new Map<string, KnownCount>();
  readonly #asking = new Map<string, Promise<number>>();
  #lastRequest: Promise<unknown> = Promise.resolve();

  constructor(ask: AskPartitionCount, clock: Clock, timeoutMs: number) {
    this.#ask = ask;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** At once where the count is known. Fails with `TOPIC_NOT_FOUND` or `BROKER_UNREACHABLE`. */
  get(topic: string): number | Promise<number> {
    const known = this.#known.get(topic);
    if (known === undefined) return this.#request(topic);
    if (this.#clock.monotonicMs() - known.askedAtMs >= FRESH_MS) this.refresh(topic);
    return known.count;
  }

  /** Asks again in the background; what was known stays until there is an answer. */
  refresh(topic: string): void {
    const known = this.#known.get(topic);
    // An answer that fails must not be followed by a request for every record.
    if (known !== undefined) known.askedAtMs = this.#clock.monotonicMs();
    this.#request(topic).catch(() => undefined);
  }

  #request(topic: string): Promise<number> {
    const running = this.#asking.get(topic);
    if (running !== undefined) return running;
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    const request = this.#lastRequest.then(() => this.#askInTurn(topic, deadlineMs));
    this.#lastRequest = request.catch(() => undefined);
    this.#asking.set(topic, request);
    return request;
  }

  async #askInTurn(topic: string, deadlineMs: number): Promise<number> {
    try {
      const remainingMs = Math.ceil(deadlineMs - this.#clock.monotonicMs());
      if (remainingMs <= 0) {
        throw tenantryError('BROKER_UNREACHABLE', `asking for topic ${topic}: no broker answered in time`);
      }
      const count = await this.#ask(topic, remainingMs);
      if (count === 0) {
        this.#known.delete(topic);
        throw tenantryError(
          'TOPIC_NOT_FOUND',
          `topic ${topic} does not exist, or may not be described; admin.createTopics makes it`,
          {
            topics: [topic],
          },
        );
      }
      this.#remember(topic, count);
      return count;
    } finally {
      this.#asking.delete(topic);
    }
  }

  #remember(topic: string, count: number): void {
    this.#known.delete(topic);
    this.#known.set(topic, { count, askedAtMs: this.#clock.monotonicMs() });
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_TOPICS && oldest.done !== true) this.#known.delete(oldest.value);
  }
}
