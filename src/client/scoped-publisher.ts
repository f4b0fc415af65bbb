import type { PublishManyOptions, PublishOptions, Publisher, Receipt } from '../api/publisher.js';
import type { AnyEventContract, CompactedContract, InputOf } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import { publishMany } from '../producer/publish-many.js';
import type { Pacing, SendPipeline } from '../producer/send-pipeline.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';

const NO_OPTIONS: PublishOptions = Object.freeze({});

/** Publishes for one tenant, and checks at every call that nobody else's context is around it. */
export class ScopedPublisher implements Publisher {
  readonly id: TenantId;
  readonly #pipeline: SendPipeline;
  readonly #ambient: AmbientTenant;

  constructor(id: TenantId, pipeline: SendPipeline, ambient: AmbientTenant) {
    this.id = id;
    this.#pipeline = pipeline;
    this.#ambient = ambient;
  }

  publish<C extends AnyEventContract>(
    contract: C,
    data: InputOf<C>,
    options: PublishOptions = NO_OPTIONS,
  ): Promise<Receipt> {
    return this.#publish(contract, data, options, 'bounded');
  }

  async publishMany<C extends AnyEventContract>(
    contract: C,
    data: Iterable<InputOf<C>>,
    options: PublishManyOptions<InputOf<C>> = NO_OPTIONS,
  ): Promise<Receipt[]> {
    return publishMany(data, options, (item, itemOptions) => this.#publish(contract, item, itemOptions, 'paced'));
  }

  tombstone(contract: CompactedContract, aggregateId: string, options: PublishOptions = NO_OPTIONS): Promise<Receipt> {
    try {
      this.#ambient.assertMayActFor(this.id);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#pipeline.tombstone(this.id, contract, aggregateId, options);
  }

  #publish(contract: AnyEventContract, data: unknown, options: PublishOptions, pacing: Pacing): Promise<Receipt> {
    try {
      this.#ambient.assertMayActFor(this.id);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#pipeline.publish(this.id, contract, data, options, pacing);
  }
}
