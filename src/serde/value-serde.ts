import type { AnyEventContract } from '../contract/event-contract.js';

/** Turns values into bytes and back. Both directions answer at once, or with a promise where a registry has to be asked. */
export interface ValueSerde {
  /**
   * Fails with `NOT_SERIALIZABLE`.
   *
   * @returns bytes that nobody else uses: those of a confidential value are overwritten once it is sealed
   */
  encode(contract: AnyEventContract, value: unknown): Buffer | Promise<Buffer>;
  /** Takes back what `encode` gave: nobody reads it any more, and it may be written over. */
  release?(contract: AnyEventContract, bytes: Buffer): void;
  /** Fails with `PAYLOAD_MALFORMED`; what it returns is not validated yet. */
  decode(contract: AnyEventContract, bytes: Buffer): unknown;
}
