import type { AnyEventContract, SealedFields } from '../contract/event-contract.js';
import { fieldPathsOf } from '../contract/field-paths.js';
import { tenantryError } from '../core/errors.js';
import { Slab } from '../core/slab.js';
import { decodeUtf8 } from '../core/utf8.js';
import { cutFields, keptBytes, sealedBytes, writeKept, writeSealed } from './field-cut.js';
import { holdsForbiddenKey } from './forbidden-keys.js';
import { putFields } from './sealed-fields.js';
import type { SplitValue, ValueSerde } from './value-serde.js';

/** Values as JSON (RFC 8259) in UTF-8, without a byte order mark. Both directions answer at once. */
export const jsonSerde = {
  encode,
  decode,
  release,
  contentType: 'application/json',
  fields: { split, join },
} as const satisfies ValueSerde;

/** Slabs of the size of Buffer's own pool: a publish that waits holds on to no more than this. */
const SLAB_SIZES = { slabBytes: 8_192, largestBytes: 2_048 };

// What will be sealed has slabs of its own. No Buffer of one leaves the library, and each text is overwritten as soon
// as it is sealed, as docs/envelope.md demands.
const secrets = new Slab(SLAB_SIZES);
const readable = new Slab(SLAB_SIZES);
/** Where fields are put together. */
const scratch = Buffer.allocUnsafeSlow(SLAB_SIZES.largestBytes);

function encode(contract: AnyEventContract, value: unknown): Buffer {
  const text = stringify(contract, value);
  if (holdsForbiddenKey(text, () => JSON.parse(text))) throw notSerializable(contract, 'it holds a forbidden key');
  const { protection } = contract;
  return (protection === 'confidential' || typeof protection === 'object' ? secrets : readable).takeText(text);
}

/** Each slab knows its own bytes. */
function release(_contract: AnyEventContract, bytes: Buffer): void {
  secrets.giveBack(bytes);
  readable.giveBack(bytes);
}

// From the text, because only that is free of getters, `toJSON` and the like: what is taken out is out.
function split(contract: AnyEventContract, protection: SealedFields, bytes: Buffer): SplitValue {
  let draft: Buffer;
  let rest: Buffer;
  try {
    const cut = cutFields(contract, protection, bytes);
    rest = readable.take(keptBytes(cut));
    writeKept(rest, bytes, cut);
    draft = draftOf(sealedBytes(cut));
    writeSealed(draft, bytes, cut);
  } finally {
    bytes.fill(0);
    secrets.giveBack(bytes);
  }
  if (draft.buffer !== scratch.buffer) return { readable: rest, sealed: draft };
  // Only now: the fields take the place of the whole value, which had to be there still.
  const sealed = secrets.take(draft.length);
  sealed.set(draft);
  draft.fill(0);
  return { readable: rest, sealed };
}

function draftOf(bytes: number): Buffer {
  return bytes <= scratch.length ? scratch.subarray(0, bytes) : Buffer.allocUnsafeSlow(bytes);
}

function join(contract: AnyEventContract, protection: SealedFields, { readable, sealed }: SplitValue): unknown {
  const root = decode(contract, readable);
  putFields(contract, fieldPathsOf(protection), root, decode(contract, sealed));
  return root;
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
