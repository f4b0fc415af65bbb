import type { AnyEventContract } from '../../contract/event-contract.js';
import { tenantryError } from '../../core/errors.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';

/** Writes a value as the payload of a framed one, into memory that nobody else uses. */
export type PayloadWriter = (value: unknown) => Buffer;

/** Reads a payload; what it returns is not validated yet. */
export type PayloadReader = (payload: Buffer) => unknown;

/** How the values of one contract are written and read. */
export interface ContractFormat {
  /** The schema that the contract stands for. Throws `INVALID_CONTRACT` where it has none; that is only needed to publish. */
  readonly own: SchemaText;
  /** What the record is called in the schema, for names of subjects. */
  readonly recordName: string;
  /** Whether a registered schema says the same as the contract's own; registries may write it in another way. */
  isOwn(registered: SchemaText): Promise<boolean>;
  /** Writes under a registered schema; undefined where that is not a schema of this event. */
  writer(registered: SchemaText): Promise<PayloadWriter | undefined>;
  /** Reads what was written under a registered schema; undefined where that is not a schema of this event. */
  reader(registered: SchemaText): Promise<PayloadReader | undefined>;
  /** Takes back what a writer gave. */
  release?(payload: Buffer): void;
}

/** The formats' errors: none holds a word of what a codec says, because that quotes values. */
export function payloadMalformed({ eventType }: AnyEventContract, why: string): Error {
  return tenantryError('PAYLOAD_MALFORMED', `${eventType}: the payload cannot be read: ${why}`);
}

export function notSerializable({ eventType }: AnyEventContract, why: string): Error {
  return tenantryError('NOT_SERIALIZABLE', `${eventType}: the data cannot be written: ${why}`);
}
