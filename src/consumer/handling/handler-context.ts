import type { DeliveredRecord, HandlerContext } from '../../api/handler.js';
import type { Publisher } from '../../api/publisher.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { Delivery } from './delivery.js';
import type { Abortable } from '../ledger/partition-session.js';

/** Makes the publisher of a tenant, as handlers get it. */
export type PublisherOf = (tenantId: TenantId) => Publisher & { readonly id: TenantId };

/**
 * What a handler is given beside its event. The parts that cost something are made when they are first
 * read: most handlers read none of them.
 */
export class DeliveryContext implements HandlerContext, Abortable {
  readonly attempt: number;
  readonly replay: boolean;
  readonly redriven: boolean;
  readonly record: DeliveredRecord;
  readonly #tenantId: TenantId;
  readonly #publisherOf: PublisherOf;
  #publisher: (Publisher & { readonly id: TenantId }) | undefined;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(delivery: Delivery, tenantId: TenantId, publisherOf: PublisherOf) {
    // Copied: a set keeps what has left it alive for a while, and the record is large.
    const { topic, partition, offset } = delivery.record;
    this.attempt = delivery.attempts;
    this.replay = delivery.replay;
    this.redriven = delivery.origin !== undefined;
    this.record = { topic, partition, offset };
    this.#tenantId = tenantId;
    this.#publisherOf = publisherOf;
  }

  get tenant(): Publisher & { readonly id: TenantId } {
    this.#publisher ??= this.#publisherOf(this.#tenantId);
    return this.#publisher;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
