import type { AnyEventContract } from '../../contract/event-contract.js';
import { jsonSerde } from '../../serde/json-serde.js';
import { notSerializable, type PayloadWriter } from './contract-format.js';
import { needsLibrary, type ContractSchema } from './contract-schema.js';

/** A value that waits for its schema, as it was in the call: what becomes of the caller's own data does not reach it. */
export interface HeldValue {
  /** Its payload, in memory that nobody else uses. */
  payload(write: PayloadWriter): Buffer;
  /** Nothing is going to be written. */
  drop(): void;
}

/**
 * JSON is the same under any schema, so that is held as it will be written; all else as a copy.
 *
 * @throws TenantryError `NOT_SERIALIZABLE`
 */
export function heldValue(contract: AnyEventContract, text: ContractSchema | undefined, value: unknown): HeldValue {
  if (text === undefined || !needsLibrary(text)) return heldJson(contract, value);
  const copy = copyOf(contract, value);
  return { payload: (write) => write(copy), drop: () => undefined };
}

function heldJson(contract: AnyEventContract, value: unknown): HeldValue {
  const payload = jsonSerde.encode(contract, value);
  return {
    payload: () => payload,
    drop: () => {
      payload.fill(0);
      jsonSerde.release(contract, payload);
    },
  };
}

function copyOf(contract: AnyEventContract, value: unknown): unknown {
  try {
    return copied(value);
  } catch {
    throw notSerializable(contract, 'it refers to itself, is nested too deeply, or cannot be read');
  }
}

/** Not `structuredClone`, which makes other things of a Buffer and of an instance, and takes no functions. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (ArrayBuffer.isView(value) || value instanceof Date) return structuredClone(value);
  if (Array.isArray(value)) return Array.from(value, copied);
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as object;
  for (const [key, item] of Object.entries(value))
    Object.defineProperty(copy, key, { value: copied(item), enumerable: true });
  return copy;
}
