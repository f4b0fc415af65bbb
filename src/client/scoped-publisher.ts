import type { PublishManyOptions, PublishOptions, Publisher, Receipt } from '../api/publisher.js';
import type { AnyEventContract, CompactedContract, InputOf } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import { publishMany } from '../producer/publish-many.js';
import type { Pacing } from '../producer/send-pipeline.js';
import { checkPublishManyOptions, checkPublishOptions } from './publish-options.js';
import { assertMayPublish, type ScopeParts } from './scope-parts.js';

const NO_OPTIONS: PublishOptions = Object.freeze({});

/** Publishes for one tenant, and checks at every call that it may. */
export class ScopedPublisher implements Publisher {
  readonly id: TenantId;
  readonly #parts: ScopeParts;

  constructor(id: TenantId, parts: ScopeParts) {
    this.id = id;
    this.#parts = parts;
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
    assertMayPublish(this.#parts, this.id);
    checkPublishManyOptions(options);
    return publishMany(
      data,
      options,
      (item, itemOptions) => this.#publish(contract, item, itemOptions, 'paced'),
      () => this.#parts.pipeline.isCrowded(this.id),
    );
  }

  tombstone(contract: CompactedContract, aggregateId: string, options: PublishOptions = NO_OPTIONS): Promise<Receipt> {
    try {
      this.#check(options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#parts.pipeline.tombstone(this.id, contract, aggregateId, options);
  }

  #publish(contract: AnyEventContract, data: unknown, options: PublishOptions, pacing: Pacing): Promise<Receipt> {
    try {
      this.#check(options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#parts.pipeline.publish(this.id, contract, data, options, pacing);
  }

  #check(options: PublishOptions): void {
    assertMayPublish(this.#parts, this.id);
    if (options !== NO_OPTIONS) checkPublishOptions(options);
  }
}
