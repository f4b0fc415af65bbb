import type { AnyEventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import type { EventOf } from './consumed-event.js';
import type { Publisher } from './publisher.js';
import type { RetryOptions } from './retry-options.js';

/** Where a delivery came from. */
export interface DeliveredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Options of one handler. What is left out is as the consumer's options say, also of `retry` each field by itself. */
export interface HandlerOptions {
  readonly retry?: RetryOptions | undefined;
  /** How long the handler may take. 1 to 86,400,000. */
  readonly timeoutMs?: number | undefined;
}

/** What a handler is given beside its event. */
export interface HandlerContext {
  /** Publishes for the event's tenant, in the event's trace. */
  readonly tenant: Publisher & { readonly id: TenantId };
  /** Aborted when the handler's time is over or its partition goes away. */
  readonly signal: AbortSignal;
  /** 1 for the first try of this delivery. */
  readonly attempt: number;
  /** Whether the event is handled again on purpose, by `replayTenant`. */
  readonly replay: boolean;
  /** Whether it was dead-lettered, and `redrive` brings it back. Later events of its aggregate may have been handled since. */
  readonly redriven: boolean;
  readonly record: DeliveredRecord;
}

/**
 * Handles one event. Returning means done. Throwing `deadLetter(reason)` or `retryAfter(ms)` says what to do;
 * any other throw follows the retry policy. Events of one aggregate arrive one at a time, in order.
 */
export type EventHandler<C extends AnyEventContract = AnyEventContract> = (
  event: EventOf<C>,
  context: HandlerContext,
) => unknown;
