import type { AnyEventContract, SealedFields } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';

/** Turns values into bytes and back. Both directions answer at once, or with a promise where a registry has to be asked. */
export interface ValueSerde {
  /**
   * Fails with `NOT_SERIALIZABLE`.
   *
   * @returns bytes that nobody else uses: those of a confidential value are overwritten once it is sealed, those of
   * one with confidential fields once it is split
   */
  encode(contract: AnyEventContract, value: unknown): Buffer | Promise<Buffer>;
  /** Takes back what `encode` gave: nobody reads it any more, and it may be written over. */
  release?(contract: AnyEventContract, bytes: Buffer): void;
  /** Fails with `PAYLOAD_MALFORMED`; what it returns is not validated yet. */
  decode(contract: AnyEventContract, bytes: Buffer): unknown;
  /**
   * Gets ready what would else be done with the first value, so that what is wrong shows when a client starts.
   * Missing where there is nothing to do.
   */
  start?(): Promise<void>;
  /** The media type of what it writes. Missing where there is none but octets. */
  readonly contentType?: string;
  /** Missing where values have no fields that could be taken out; contracts that seal fields are refused then. */
  readonly fields?: FieldSerde;
}

/** Takes values apart so that single fields can be sealed. Both directions answer at once. */
export interface FieldSerde {
  /** Overwrites the bytes of the entire value and takes them back. Fails with `SEALED_FIELDS_INVALID`. */
  split(contract: AnyEventContract, protection: SealedFields, bytes: Buffer): SplitValue;
  /**
   * Decodes a value whose fields were sealed. Fails with `PAYLOAD_MALFORMED` or `SEALED_FIELDS_INVALID`; what it
   * returns is not validated yet.
   */
  join(contract: AnyEventContract, protection: SealedFields, split: SplitValue): unknown;
}

/** A value in two parts. */
export interface SplitValue {
  readonly readable: Buffer;
  /** The fields that are sealed, as JSON `{pointer: value}`; never empty. */
  readonly sealed: Buffer;
}

/** @throws TenantryError `INVALID_CONTRACT` where the contract seals fields and the serde cannot take them out */
export function assertSealsFields(serde: ValueSerde, { eventType, protection }: AnyEventContract): void {
  if (typeof protection !== 'object' || serde.fields !== undefined) return;
  throw tenantryError(
    'INVALID_CONTRACT',
    `event contract ${eventType}: single fields can be sealed only in JSON values`,
  );
}
