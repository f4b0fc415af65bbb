import type { ConsumerOptions, TenantConsumer } from '../api/consumer.js';
import type { TenantScope } from '../api/tenant-scope.js';
import type { TenantId } from '../core/tenant-id.js';
import { assertMayAct, type ScopeParts } from './scope-parts.js';
import { ScopedPublisher } from './scoped-publisher.js';

/** Makes a tenant's consumers. */
export type MakeConsumer = (group: string, options?: ConsumerOptions) => TenantConsumer;

/** The handle of one tenant, as `kafka.tenant(id)` returns it. */
export class TenantHandle extends ScopedPublisher implements TenantScope {
  readonly #parts: ScopeParts;
  readonly #makeConsumer: MakeConsumer;

  constructor(id: TenantId, parts: ScopeParts, makeConsumer: MakeConsumer) {
    super(id, parts);
    this.#parts = parts;
    this.#makeConsumer = makeConsumer;
  }

  consumer(group: string, options?: ConsumerOptions): TenantConsumer {
    assertMayAct(this.#parts, this.id);
    return this.#makeConsumer(group, options);
  }

  run<T>(work: () => T): T {
    assertMayAct(this.#parts, this.id);
    return this.#parts.ambient.run(this.id, work);
  }
}
