import type { AnyEventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import type { WireHeader } from '../record/wire-record.js';
import type { PartitionSet } from '../routing/partition-set.js';

// The stages of a publish. Each takes the type of the stage before it and returns the next, so that a
// skipped or reordered stage does not compile: validate → route → encode → admit → seal → record.
// It is one object that passes through them all, and each stage adds what it knows: a copy in each stage
// would cost more than all of their work.

/** The data fits its contract, and everything that names the record is known. */
export interface Validated {
  readonly tenantId: TenantId;
  readonly contract: AnyEventContract;
  /** The schema's output; undefined for a tombstone. */
  readonly data: unknown;
  readonly tombstone: boolean;
  readonly key: Buffer;
  readonly eventId: string;
  /** When the event happened, milliseconds since the Unix epoch. */
  readonly eventTimeMs: number;
  /** When it is published. */
  readonly publishTimeMs: number;
  readonly applicationHeaders: readonly WireHeader[];
}

/** The topic is known. */
export interface Routed extends Validated {
  readonly topic: string;
  /** Which of the topic's partitions the tenant's keys hash into. */
  readonly partitions: PartitionSet;
}

/** The bytes are known, as they are before sealing; null for a tombstone. */
export interface Encoded extends Routed {
  readonly payload: Buffer | null;
  /** The headers of the publish's span; none where it is not traced. */
  readonly traceHeaders: readonly WireHeader[];
  /** What the record will weigh once sealed. */
  readonly costBytes: number;
}

/** The tenant's limits let it pass and are charged. */
export interface Admitted extends Encoded {
  readonly chargedBytes: number;
}

/** The value is as it will be written. */
export interface Sealed extends Admitted {
  readonly value: Buffer | null;
  /** The detached seal, for the header. */
  readonly seal: Buffer | undefined;
}
