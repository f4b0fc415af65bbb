import type { ConsumerOptions, TenantConsumer } from '../api/consumer.js';
import type { TenantScope } from '../api/tenant-scope.js';
import type { TenantId } from '../core/tenant-id.js';
import type { SendPipeline } from '../producer/send-pipeline.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';
import { ScopedPublisher } from './scoped-publisher.js';

/** Makes a tenant's consumers. */
export type MakeConsumer = (group: string, options?: ConsumerOptions) => TenantConsumer;

/** The handle of one tenant, as `kafka.tenant(id)` returns it. */
export class TenantHandle extends ScopedPublisher implements TenantScope {
  readonly #ambient: AmbientTenant;
  readonly #makeConsumer: MakeConsumer;

  constructor(id: TenantId, pipeline: SendPipeline, ambient: AmbientTenant, makeConsumer: MakeConsumer) {
    super(id, pipeline, ambient);
    this.#ambient = ambient;
    this.#makeConsumer = makeConsumer;
  }

  consumer(group: string, options?: ConsumerOptions): TenantConsumer {
    return this.#makeConsumer(group, options);
  }

  run<T>(work: () => T): T {
    return this.#ambient.run(this.id, work);
  }
}
