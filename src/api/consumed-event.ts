import type { AnyEventContract, EventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';

/** An event as a handler gets it, for one contract. */
export interface ConsumedEvent<Type extends string = string, Version extends number = number, Data = unknown> {
  readonly id: string;
  readonly type: Type;
  /** The version that the handler gets. */
  readonly version: Version;
  /** The version in which the event was published; lower than `version` where it was upcast. */
  readonly publishedVersion: number;
  readonly tenantId: TenantId;
  readonly aggregateId: string;
  /** When the event happened, as the publisher said; authenticated for protected contracts. */
  readonly timestamp: Date;
  /** The application's own headers, as UTF-8 text. Neither sealed nor authenticated: anybody who may write to the topic may have set them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The schema's output; null for a tombstone of a compacted contract. */
  readonly data: Data;
}

/** The event type of a contract, or the union of events of a union of contracts. */
export type EventOf<C extends AnyEventContract> =
  C extends EventContract<infer Type, infer Version, unknown, infer Out, infer Compacted>
    ? ConsumedEvent<Type, Version, true extends Compacted ? Out | null : Out>
    : never;
