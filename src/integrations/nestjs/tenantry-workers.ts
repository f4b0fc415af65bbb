import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Worker } from '../../api/worker.js';
import { invalidOptions } from '../../core/invalid-options.js';
import type { BoundHandler } from './bound-handlers.js';
import type { ModuleParts } from './options.js';

/** The workers of the module, by their group. They start with the application and stop with it. */
export class TenantryWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #parts: ModuleParts;
  readonly #findHandlers: () => readonly BoundHandler[];
  readonly #workers: ReadonlyMap<string, Worker>;

  /** @internal */
  constructor(parts: ModuleParts, findHandlers: () => readonly BoundHandler[]) {
    this.#parts = parts;
    this.#findHandlers = findHandlers;
    this.#workers = new Map(
      Object.entries(parts.workers).map(([group, options]) => [group, parts.kafka.worker(group, options)]),
    );
  }

  /**
   * The worker of a group.
   *
   * @throws TenantryError `INVALID_OPTIONS` where the option `workers` does not name it
   */
  get(group: string): Worker {
    const worker = this.#workers.get(group);
    if (worker !== undefined) return worker;
    throw invalidOptions('TenantryModule', [{ path: `workers.${group}`, message: 'is not there' }]);
  }

  /** @internal */
  async onApplicationBootstrap(): Promise<void> {
    try {
      for (const { contracts, options, handler } of this.#findHandlers()) {
        const { group, ...handlerOptions } = options;
        this.get(group).on(contracts, handler, handlerOptions);
      }
      await this.#parts.kafka.start();
      await Promise.all([...this.#workers.values()].map((worker) => worker.start()));
    } catch (error) {
      // An application that did not start is not always closed.
      await this.#stopClient();
      throw error;
    }
  }

  /** @internal Here requests are still answered, and what handlers use is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    const timeoutMs = this.#parts.stopTimeoutMs;
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop({ timeoutMs })));
  }

  /** @internal Here all requests are answered; until then they may publish. */
  async onApplicationShutdown(): Promise<void> {
    await this.#stopClient();
  }

  async #stopClient(): Promise<void> {
    await this.#parts.kafka.stop({ timeoutMs: this.#parts.stopTimeoutMs });
  }
}
