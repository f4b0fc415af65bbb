import type { AnyEventContract } from '../contract/event-contract.js';
import type { TenantId } from '../core/tenant-id.js';
import type { WireHeader } from '../record/wire-record.js';
import type { PartitionSet } from '../routing/partition-set.js';

// The stages of a publish. Each takes the type of the stage before it and returns the next, so that a
// skipped or reordered stage does not compile: validate → route → encode → admit → seal → record.
// It is one object that passes through them all, and each stage adds what it knows: a copy in each stage
// would cost more than all of their work, and `Object.assign` four times what plain assignments do.

type Writable<Stage> = { -readonly [Name in keyof Stage]: Stage[Name] };

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
  /** The application's own, behind those of CloudEvents where they are on. */
  readonly furtherHeaders: readonly WireHeader[];
}

export function withHeaders(event: Validated, headers: readonly WireHeader[]): Validated {
  const described = event as Writable<Validated>;
  described.furtherHeaders = [...headers, ...event.furtherHeaders];
  return described;
}

/** The topic is known. */
export interface Routed extends Validated {
  readonly topic: string;
  /** Which of the topic's partitions the tenant's keys hash into. */
  readonly partitions: PartitionSet;
}

export function withRoute(event: Validated, topic: string, partitions: PartitionSet): Routed {
  const routed = event as Writable<Routed>;
  routed.topic = topic;
  routed.partitions = partitions;
  return routed;
}

/** The bytes are known, as they are before sealing; null for a tombstone. */
export interface Encoded extends Routed {
  readonly payload: Buffer | null;
  /** The fields that leave the payload and go into its seal, as bytes; undefined for all other contracts. */
  readonly sealedFields: Buffer | undefined;
  /** The headers of the publish's span; none where it is not traced. */
  readonly traceHeaders: readonly WireHeader[];
  /** What the record will weigh once sealed. */
  readonly costBytes: number;
}

export function withPayload(
  event: Routed,
  payload: Buffer | null,
  sealedFields: Buffer | undefined,
  traceHeaders: readonly WireHeader[],
  costBytes: number,
): Encoded {
  const encoded = event as Writable<Encoded>;
  encoded.payload = payload;
  encoded.sealedFields = sealedFields;
  encoded.traceHeaders = traceHeaders;
  encoded.costBytes = costBytes;
  return encoded;
}

/** The tenant's limits let it pass and are charged. */
export interface Admitted extends Encoded {
  readonly chargedBytes: number;
}

export function withCharge(event: Encoded, chargedBytes: number): Admitted {
  const admitted = event as Writable<Admitted>;
  admitted.chargedBytes = chargedBytes;
  return admitted;
}

/** The value is as it will be written. */
export interface Sealed extends Admitted {
  readonly value: Buffer | null;
  /** The detached seal, for the header. */
  readonly seal: Buffer | undefined;
}

export function withSeal(event: Admitted, value: Buffer | null, seal: Buffer | undefined): Sealed {
  const sealed = event as Writable<Sealed>;
  sealed.value = value;
  sealed.seal = seal;
  return sealed;
}
