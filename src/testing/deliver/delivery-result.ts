import type { AnyEventContract } from '../../contract/event-contract.js';
import type { TenantId } from '../../core/tenant-id.js';

/**
 * What became of a delivered event.
 *
 * - `handled`: a try of the handler returned
 * - `dead-lettered`: every try failed, the handler asked for it, or the event could not be read
 * - `quarantined`: it contradicts its tenant's boundary, so no handler saw it
 * - `skipped`: no handler is registered for its type
 * - `erased`: it can never be opened again, because its tenant is erased
 * - `unfinished`: the time was over; the handler has not settled, or the event waits for a key that is away
 */
export type DeliveryOutcome = 'handled' | 'dead-lettered' | 'quarantined' | 'skipped' | 'erased' | 'unfinished';

/** One try of the handler. */
export interface HandlerTry {
  /** What it threw, or rejected with; undefined where it returned or has not settled. */
  readonly error: unknown;
  /** Whether it settled before `deliver` did. */
  readonly settled: boolean;
  /** The pause that it asked for with `retryAfter`, which was not waited for. */
  readonly retryAfterMs: number | undefined;
}

/** An event that was published while the handler ran, read again from what was written. */
export interface PublishedEvent {
  /** What it was published as; undefined where another client did. */
  readonly contract: AnyEventContract | undefined;
  readonly eventType: string;
  readonly tenantId: TenantId;
  readonly aggregateId: string;
  readonly id: string;
  readonly timestamp: Date;
  /** As a consumer gets it: opened, decoded and validated; null for a tombstone, undefined where `contract` is. */
  readonly data: unknown;
  /** The application's own headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The record key, as text. */
  readonly key: string;
  /** All headers as they were written. */
  readonly wireHeaders: readonly { readonly name: string; readonly value: Buffer }[];
  /** The value as it was written, sealed where the contract is protected. */
  readonly wireValue: Buffer | null;
}

/** What `deliver` tells. */
export interface DeliveryResult {
  readonly outcome: DeliveryOutcome;
  /** Why it was dead-lettered or quarantined, an error code such as `HANDLER_FAILED`. */
  readonly code: string | undefined;
  /** What the copy in the dead letters says beside the code: the reason of `deadLetter`, or the name of an error. */
  readonly detail: string | undefined;
  /** In the order in which they were written, those of tries that failed included. */
  readonly published: readonly PublishedEvent[];
  /** The tries of the handler; none where the event did not get to it. */
  readonly tries: readonly HandlerTry[];
  /** What the last try threw, if it did. */
  readonly error: unknown;
}
