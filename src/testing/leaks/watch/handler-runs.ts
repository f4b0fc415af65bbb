import type { EventHandler } from '../../../api/handler.js';
import type { Worker } from '../../../api/worker.js';
import type { Interleaving } from '../order/interleaving.js';
import type { Saw } from './output.js';
import { runAs } from './owner.js';
import { patched } from './patched.js';
import type { PlantedEvent } from '../plant/plant-events.js';

interface EndedRuns {
  returned: number;
  threw: number;
  /** The tenants for whose events a run returned. */
  readonly returnedFor: Set<string>;
}

/** Watches handlers, and counts their runs. */
export class HandlerRuns {
  /** Runs that returned and that threw, by event type. */
  readonly ended = new Map<string, EndedRuns>();
  mostAtOnce = 0;
  retries = 0;
  #running = 0;
  readonly #interleaving: Interleaving;
  readonly #recordOf: ReadonlyMap<string, number>;

  constructor(events: readonly PlantedEvent[], interleaving: Interleaving) {
    this.#interleaving = interleaving;
    this.#recordOf = new Map(events.map(({ eventId, record }) => [eventId, record]));
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Watches all handlers that are registered from now on.
   *
   * @returns ends that
   */
  watch(worker: Worker, saw: Saw): () => void {
    return patched(worker, 'on', (original) => {
      const on = original as (contracts: unknown, handler: EventHandler, options?: unknown) => Worker;
      return (contracts: unknown, handler: unknown, options?: unknown) =>
        on.call(
          worker,
          contracts,
          typeof handler === 'function' ? this.#watched(handler as EventHandler, saw) : (handler as EventHandler),
          options,
        );
    });
  }

  #watched(handler: EventHandler, saw: Saw): EventHandler {
    return (event, context) => {
      const { tenantId, id, type, publishedVersion } = event;
      const eventType = `${type}.v${publishedVersion}`;
      const run = { tenantId, eventType, record: this.#recordOf.get(id), attempt: context.attempt };
      if (context.attempt > 1) this.retries += 1;
      return runAs(run, async () => {
        this.#running += 1;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
        try {
          await this.#interleaving.turn();
          const value = await handler(event, context);
          saw('return value', eventType, value);
          const ended = this.#endedOf(eventType);
          ended.returned += 1;
          ended.returnedFor.add(tenantId);
          return value;
        } catch (error) {
          saw('thrown error', eventType, error);
          this.#endedOf(eventType).threw += 1;
          throw error;
        } finally {
          this.#running -= 1;
        }
      });
    };
  }

  #endedOf(eventType: string): EndedRuns {
    let ended = this.ended.get(eventType);
    if (ended === undefined) {
      ended = { returned: 0, threw: 0, returnedFor: new Set() };
      this.ended.set(eventType, ended);
    }
    return ended;
  }
}
