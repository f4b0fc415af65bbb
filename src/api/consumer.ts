import type { AnyEventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import type { DedupeOptions } from './dedupe.js';
import type { ErasedRecord } from './erased-record.js';
import type { EventHandler, HandlerOptions } from './handler.js';
import type { RetryOptions } from './retry-options.js';

/** Options of a consumer or worker. */
export interface ConsumerOptions {
  /** Handlers running at once. Default 100. */
  readonly concurrency?: number | undefined;
  /**
   * Handlers of one tenant running at once. Default of a worker: nine tenths of `concurrency`, at least 1; the rest is
   * for tenants that have nothing running. A tenant's own consumer may use all.
   */
  readonly tenantConcurrency?: number | undefined;
  /** Records held in memory at most; a tenant may hold as many as are free. Default 2,000. */
  readonly maxBufferedRecords?: number | undefined;
  /** Bytes of keys and values held in memory at most. Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** How failing handlers are tried again; a handler may have its own. */
  readonly retry?: RetryOptions | undefined;
  /** How long a handler may take; a handler may have its own time. Default 30,000. */
  readonly handlerTimeoutMs?: number | undefined;
  /** Where a new group begins, in each topic. Default `earliest`, so that nothing published before its first start is lost. */
  readonly startFrom?: 'earliest' | 'latest' | undefined;
  /** What becomes of events whose type nobody handles. Default `skip`; they are counted. */
  readonly otherTypes?: 'skip' | 'dead-letter' | undefined;
  /** How often progress is committed; more often where a crash would else repeat too much. Default 1,000. */
  readonly commitIntervalMs?: number | undefined;
  /**
   * Event types, such as `orders.placed.v1`, that are taken with their own, weaker protection although a newer
   * version of the type is better protected. Whoever may write to the topic may then forge them. Default: none.
   */
  readonly acceptUnprotected?: readonly string[] | undefined;
  /** Passes over events that the group has handled already. Default: a redelivered event is handled again. */
  readonly dedupe?: DedupeOptions | undefined;
  /**
   * Told of each record that is passed over as erased, at least once, before its offset may pass; of several at a time.
   * While it throws, rejects or does not settle within 3 s, the record is held and it is called again every second.
   * Default: nobody is told; the records are counted all the same.
   */
  readonly onErased?: ((record: ErasedRecord) => unknown) | undefined;
}

/** Counts of what became of records, since the start. */
export interface ConsumerCounts {
  /** Handlers that returned. */
  readonly handled: number;
  /** Tries of a handler that failed. */
  readonly failedAttempts: number;
  /** Acknowledged copies in the dead-letter topic. */
  readonly deadLettered: number;
  /** Acknowledged copies in quarantine, by code. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Records of erased tenants, passed over because the key that they are sealed under is gone. */
  readonly erased: number;
  /** Records of another tenant that a tenant's consumer passed over on a shared topic. */
  readonly foreign: number;
  /** Records whose type nobody handles. */
  readonly skipped: number;
  /** Events passed over because the dedupe store knows that they were handled. */
  readonly duplicates: number;
  /** Handled events that the dedupe store did not take: delivered again, they are handled again. */
  readonly unmarked: number;
}

/** `live`: all is well. `degraded`: something needs attention, work goes on. `stuck`: some work cannot go on. */
export interface ConsumerHealth {
  readonly status: 'live' | 'degraded' | 'stuck';
  readonly reasons: readonly string[];
}

/** Consumes events in one consumer group. */
export interface EventConsumer extends AsyncDisposable {
  readonly groupId: string;
  /**
   * Registers a handler for a contract, or for several: then `event.type` tells them apart. Before `start`.
   *
   * @throws TenantryError `CONTRACT_CONFLICT` where a type and version has a handler already, `INVALID_STATE` after
   * start, `INVALID_CONTRACT` for anything else than contracts and a function, `INVALID_OPTIONS`
   */
  on<const C extends AnyEventContract>(
    contracts: C | readonly C[],
    handler: EventHandler<C>,
    options?: HandlerOptions,
  ): this;
  /**
   * Joins the group and begins.
   *
   * @throws TenantryError `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`, `TOPIC_NOT_FOUND`, `INVALID_STATE` without
   * handlers, `CONTRACT_CONFLICT` where another consumer of the client and group handles other event types, `KEY_NOT_CONFIGURED`, `NOT_RUNNING` after a stop; of a tenant's consumer also
   * `TENANT_ISOLATION_VIOLATION` and `TENANT_CONTEXT_EXPIRED`
   */
  start(): Promise<void>;
  /**
   * Stops reading, lets running handlers finish for at most `timeoutMs` (default 25,000), commits, leaves. Never rejects.
   * Calling it again gives the same answer. A handler that awaits it waits for itself, and its event is delivered again.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<StopReport>;
  /**
   * Resolves once everything that was in this member's partitions at the time of the call is finished and
   * committed. Waits until the group has told it its partitions; where it has none, there is nothing to wait for. A
   * handler that awaits it waits for itself: it should give its `signal`.
   *
   * @throws TenantryError `ABORTED`, `NOT_RUNNING`, `INVALID_STATE`
   */
  caughtUp(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** What became of the records since the start. */
  counts(): ConsumerCounts;
  /** How it is now, from what is known in the process: no broker is asked. */
  health(): ConsumerHealth;
}

/** How a stop went. */
export interface StopReport {
  /** Whether the time was over before everything had ended by itself. */
  readonly timedOut: boolean;
  /** Handlers or publishes that had not ended. They were not committed and will be delivered again. */
  readonly unfinished: number;
  /** Partitions whose last progress the broker has not acknowledged: what was handled last is delivered again. */
  readonly uncommitted: number;
}

/** A consumer of one tenant, in the group `{tenantId}.{group}`. */
export interface TenantConsumer extends EventConsumer {
  readonly tenantId: TenantId;
}
