import type { AnyEventContract, CompactedContract, InputOf } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';

/** Options of one publish. */
export interface PublishOptions {
  /** 1 to 128 visible ASCII characters. Default: a new UUID version 7. */
  readonly eventId?: string | undefined;
  /** When the event happened. Default: now. Milliseconds are kept. */
  readonly timestamp?: Date | undefined;
  /** Headers of the application's own. They are neither sealed nor authenticated. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** Ends the wait. Before the record is handed to the broker nothing is sent (`ABORTED`), after it the outcome is unknown (`DELIVERY_UNKNOWN`). */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a whole `publishMany`. */
export interface PublishManyOptions<Data = unknown> {
  /** Ends the wait for all items, as `PublishOptions.signal` does for one. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The options of one item. With event ids of the application's own, items whose outcome is unknown can be
   * published again without becoming other events.
   */
  readonly each?: ((data: Data, index: number) => Omit<PublishOptions, 'signal'>) | undefined;
}

/** The broker's acknowledgement of one event. */
export interface Receipt {
  readonly eventId: string;
  readonly tenantId: TenantId;
  /** The topic the record was written to. */
  readonly topic: string;
  readonly partition: number;
  /**
   * −1 where the broker had written the record already when it was sent once more, because its first answer was lost: it
   * is in the log once, and nobody tells where.
   */
  readonly offset: number;
  /** The event's time. */
  readonly timestamp: Date;
}

/** Publishes events of one tenant. */
export interface Publisher {
  /**
   * Publishes one event and resolves once the broker has acknowledged it. Calls for one aggregate keep
   * their order, awaited or not.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, `UNKNOWN_TENANT`, `TENANT_ERASED`; for
   * what was passed: `INVALID_OPTIONS`, `INVALID_CONTRACT`, `CONTRACT_CONFLICT`, `VALIDATION_FAILED`, `NOT_SERIALIZABLE`,
   * `ASYNC_SCHEMA`, `INVALID_AGGREGATE_ID`, `INVALID_EVENT_ID`, `INVALID_HEADER`, `RECORD_TOO_LARGE`; for the limits:
   * `RATE_LIMITED`, `PUBLISH_QUEUE_FULL`; for the keys: `KEY_NOT_CONFIGURED`, `KEY_SERVICE_AWAY`, `KEY_REFUSED`,
   * `KEY_GONE`, `DATA_KEY_INVALID`; for the brokers: `TOPIC_NOT_FOUND`, `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`,
   * `PUBLISH_FAILED`, `PUBLISH_REFUSED`, `DELIVERY_UNKNOWN`; and `ABORTED`, `NOT_RUNNING`, `DRIVER_UNAVAILABLE`,
   * `WORKER_THREAD`
   */
  publish<C extends AnyEventContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Receipt>;

  /**
   * Publishes many events of one contract, in order, pacing itself.
   *
   * @returns a receipt for each item, in the order of the items
   * @throws TenantryError `PUBLISH_INCOMPLETE` with an outcome for each item where any of them failed; before the
   * first item `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, `UNKNOWN_TENANT`, `TENANT_ERASED`, `INVALID_OPTIONS`
   */
  publishMany<C extends AnyEventContract>(
    contract: C,
    data: Iterable<InputOf<C>>,
    options?: PublishManyOptions<InputOf<C>>,
  ): Promise<Receipt[]>;

  /** Publishes a tombstone, which deletes the aggregate from a compacted topic. Errors as of `publish`. */
  tombstone(contract: CompactedContract, aggregateId: string, options?: PublishOptions): Promise<Receipt>;
}
