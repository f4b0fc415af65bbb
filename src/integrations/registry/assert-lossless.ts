import type { AnyEventContract } from '../../contract/event-contract.js';
import { showPath } from '../../contract/schema-problems.js';
import { firstDifference } from '../../serde/round-trip.js';
import { notSerializable, type PayloadReader } from './contract-format.js';

/**
 * Checks that what was written says what it was written from. Avro and Protobuf leave out what their schema does not
 * name and round what does not fit, without a word.
 *
 * @throws TenantryError `NOT_SERIALIZABLE`
 */
export function assertLossless(contract: AnyEventContract, value: unknown, payload: Buffer, read: PayloadReader): void {
  const difference = firstDifference(value, read(payload), []);
  if (difference === undefined) return;
  const place = showPath(contract.schema, difference);
  throw notSerializable(contract, `${place} does not come back as it was from the format of its schema`);
}
