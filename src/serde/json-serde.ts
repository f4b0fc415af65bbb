import type { AnyEventContract } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';
import { Slab } from '../core/slab.js';
import { decodeUtf8 } from '../core/utf8.js';
import { holdsForbiddenKey } from './forbidden-keys.js';
import type { ValueSerde } from './value-serde.js';

/** Values as JSON (RFC 8259) in UTF-8, without a byte order mark. Both directions answer at once. */
export const jsonSerde = { encode, decode, release } as const satisfies ValueSerde;

/** Slabs of the size of Buffer's own pool: a publish that waits holds on to no more than this. */
const SLAB_SIZES = { slabBytes: 8_192, largestBytes: 2_048 };

// What will be sealed has slabs of its own. No Buffer of one leaves the library, and each text is overwritten as soon
// as it is sealed, as docs/envelope.md demands.
const secrets = new Slab(SLAB_SIZES);
const readable = new Slab(SLAB_SIZES);

function encode(contract: AnyEventContract, value: unknown): Buffer {
  const text = stringify(contract, value);
  if (holdsForbiddenKey(text, () => JSON.parse(text))) throw notSerializable(contract, 'it holds a forbidden key');
  return slabOf(contract).takeText(text);
}

function release(contract: AnyEventContract, bytes: Buffer): void {
  slabOf(contract).giveBack(bytes);
}

function slabOf({ protection }: AnyEventContract): Slab {
  return protection === 'confidential' ? secrets : readable;
}

function stringify(contract: AnyEventContract, value: unknown): string {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch {
    throw notSerializable(contract, 'it holds a bigint, refers to itself, or is nested too deeply');
  }
  if (typeof text !== 'string') throw notSerializable(contract, 'JSON has no form for it');
  return text;
}

function decode(contract: AnyEventContract, bytes: Buffer): unknown {
  if (bytes.length === 0) throw malformed(contract, 'it is empty');
  const text = decodeUtf8(bytes);
  if (text === undefined) throw malformed(contract, 'it is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse's message quotes the payload.
    throw malformed(contract, 'it is not JSON');
  }
  if (holdsForbiddenKey(text, () => value)) throw malformed(contract, 'it holds a forbidden key');
  return value;
}

function notSerializable(contract: AnyEventContract, why: string): Error {
  return tenantryError('NOT_SERIALIZABLE', `${contract.eventType}: the data cannot be written: ${why}`);
}

function malformed(contract: AnyEventContract, why: string): Error {
  return tenantryError('PAYLOAD_MALFORMED', `${contract.eventType}: the payload cannot be read: ${why}`);
}
