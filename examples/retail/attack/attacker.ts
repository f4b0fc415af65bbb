import { FORGERIES, type Forgery } from './forgeries.js';
import { PlainProducer, readTopic } from './plain-client.js';
import type { PlainRecord } from './plain-record.js';

/** A hostile record that was written. */
export interface HostileRecord {
  readonly forgery: Forgery;
  readonly record: PlainRecord;
}

/** Slips forged records into a topic, spread over the run. */
export class Attacker {
  readonly #brokers: readonly string[];
  readonly #topic: string;
  readonly #plan: Map<number, Forgery[]>;
  readonly #written: HostileRecord[] = [];
  #producer: PlainProducer | undefined;
  #genuine: PlainRecord | undefined;

  constructor(
    brokers: readonly string[],
    topic: string,
    options: { readonly sealed: boolean; readonly lines: number },
  ) {
    this.#brokers = brokers;
    this.#topic = topic;
    const forgeries = FORGERIES.filter(({ onlyIfSealed }) => options.sealed || !onlyIfSealed);
    this.#plan = spread(forgeries, options.lines);
  }

  /** What was written so far. */
  get written(): readonly HostileRecord[] {
    return this.#written;
  }

  /** Whether something is planned after this row. */
  isDueAfter(row: number): boolean {
    return this.#plan.has(row);
  }

  /** Writes what is planned after this row. A genuine record must be in the topic. */
  async strikeAfter(row: number): Promise<void> {
    this.#producer ??= await PlainProducer.connect(this.#brokers);
    this.#genuine ??= (await readTopic(this.#brokers, this.#topic, 1))[0];
    if (this.#genuine === undefined) throw new Error(`topic ${this.#topic} holds no record to forge from`);
    for (const forgery of this.#plan.get(row) ?? []) {
      const record = forgery.forge(this.#genuine);
      await this.#producer.send(this.#topic, record);
      this.#written.push({ forgery, record });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer?.close();
  }
}

/** Each forgery at a row of its own, as far as there are rows. */
export function spread(forgeries: readonly Forgery[], rows: number): Map<number, Forgery[]> {
  const plan = new Map<number, Forgery[]>();
  forgeries.forEach((forgery, index) => {
    const row = Math.max(1, Math.floor((rows * (index + 1)) / (forgeries.length + 1)));
    plan.set(row, [...(plan.get(row) ?? []), forgery]);
  });
  return plan;
}
