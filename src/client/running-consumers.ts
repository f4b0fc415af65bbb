import type { EventConsumer, StopReport } from '../api/consumer.js';
import { tenantryError } from '../core/errors.js';

/** What is to know of a running consumer. */
export type RunningConsumer = Pick<EventConsumer, 'groupId' | 'stop'> & { readonly eventTypes: readonly string[] };

/** The consumers of a client that have to be stopped with it: no other is remembered. */
export class RunningConsumers {
  readonly #running = new Set<RunningConsumer>();
  #stopped = false;

  get size(): number {
    return this.#running.size;
  }

  /**
   * @throws TenantryError `NOT_RUNNING` where the client is stopped, `CONTRACT_CONFLICT` where another consumer of its
   * group handles other event types: each would skip the other's in the partitions that it gets
   */
  add(consumer: RunningConsumer): void {
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

  delete(consumer: RunningConsumer): void {
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
