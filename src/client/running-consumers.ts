import type { EventConsumer, StopReport } from '../api/consumer.js';
import { tenantryError } from '../core/errors.js';

/** The consumers of a client that have to be stopped with it: no other is remembered. */
export class RunningConsumers {
  readonly #running = new Set<EventConsumer>();
  #stopped = false;

  get size(): number {
    return this.#running.size;
  }

  /** @throws TenantryError `NOT_RUNNING` where the client is stopped */
  add(consumer: EventConsumer): void {
    if (this.#stopped) throw tenantryError('NOT_RUNNING', 'the client is stopped; make a new one');
    this.#running.add(consumer);
  }

  delete(consumer: EventConsumer): void {
    this.#running.delete(consumer);
  }

  /**
   * Stops them all and takes no more.
   *
   * @returns the sum of their reports
   */
  async stop(timeoutMs: number): Promise<StopReport> {
    this.#stopped = true;
    const reports = await Promise.all([...this.#running].map((consumer) => consumer.stop({ timeoutMs })));
    return {
      timedOut: reports.some(({ timedOut }) => timedOut),
      unfinished: reports.reduce((sum, report) => sum + report.unfinished, 0),
      uncommitted: reports.reduce((sum, report) => sum + report.uncommitted, 0),
    };
  }
}
