import type { StopReport } from '../api/consumer.js';
import type { RegisteredConsumer } from '../consumer/consumer-parts.js';
import { tenantryError } from '../core/errors.js';

/** The consumers of a client that have to be stopped with it, or could not end when they were: no other is remembered. */
export class RunningConsumers {
  readonly #running = new Set<RegisteredConsumer>();
  #stopped = false;

  get size(): number {
    return this.#running.size;
  }

  /**
   * @throws TenantryError `NOT_RUNNING` where the client is stopped, `CONTRACT_CONFLICT` where another consumer of its
   * group handles other event types: each would skip the other's in the partitions that it gets
   */
  add(consumer: RegisteredConsumer): void {
    if (this.#stopped) throw tenantryError('NOT_RUNNING', 'the client is stopped; make a new one');
    for (const { groupId, eventTypes } of this.#running) {
      if (groupId !== consumer.groupId || sameMembers(eventTypes, consumer.eventTypes)) continue;
      throw tenantryError(
        'CONTRACT_CONFLICT',
        `group ${groupId} has a consumer for ${eventTypes.join(', ')}: one for ${consumer.eventTypes.join(', ')} needs a group of its own`,
      );
    }
    this.#running.add(consumer);
  }

  delete(consumer: RegisteredConsumer): void {
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

function sameMembers(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}
