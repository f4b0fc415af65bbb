import { tenantryError } from '../core/errors.js';

/**
 * The layout of an envelope, format 1 (docs/envelope.md):
 *
 *     E7 54 | version 01 | suite 01 | flags 1 | dekId 32 | salt 16 | seq u64 | timeMs u64    fixed header, 69 bytes
 *     u16 length ‖ wrapped data key (1..1024 bytes)
 *     ciphertext | tag 16
 *
 * Header, length and wrapped data key together are called the head; it is the beginning of the associated data.
 */
const MAGIC_0 = 0xe7;
const MAGIC_1 = 0x54;
const VERSION_AT = 2;
const SUITE_AT = 3;
const FLAGS_AT = 4;
const DEK_ID_AT = 5;
const SALT_AT = 37;
const SEQ_AT = 53;
const TIME_AT = 61;
const WRAPPED_LENGTH_AT = 69;
const WRAPPED_AT = 71;

const VERSION = 0x01;
/** AES-256-GCM with a 16-byte tag, HKDF-SHA256, HMAC-SHA256. */
export const SUITE = 0x01;

export const SALT_BYTES = SEQ_AT - SALT_AT;
export const TAG_BYTES = 16;
export const KEK_ID_BYTES = 8;
export const MAX_WRAPPED_BYTES = 1024;
/** Bytes around the wrapped data key and the ciphertext. */
export const FIXED_OVERHEAD_BYTES = WRAPPED_AT + TAG_BYTES;

/** The envelope stands in the header `tenantry-seal` and the value stays as it is. */
const FLAG_DETACHED = 0x01;
/** The plaintext of a detached seal is the JSON `{pointer: value}` of single fields; else it is empty. */
const FLAG_FIELDS = 0x02;
const KNOWN_FLAGS = FLAG_DETACHED | FLAG_FIELDS;

const NONCE_SEQ_AT = 4;
const SEQ_BYTES = 8;
const TWO_32 = 0x1_0000_0000;

/** The latest time a JavaScript `Date` can hold; a time beyond it could reach no handler. */
const MAX_TIME_MS = 8.64e15;

/** Where an envelope was found: in place of a value, beside one, or beside one and with fields in it. */
export type Placement = 'value' | 'detached' | 'fields';

/** What each placement demands, so that none is taken for another. */
export const FLAGS: Readonly<Record<Placement, number>> = {
  value: 0,
  detached: FLAG_DETACHED,
  fields: FLAG_DETACHED | FLAG_FIELDS,
};

/** An envelope whose layout is right; nothing in it is authenticated yet. */
export interface Envelope {
  readonly bytes: Buffer;
  /** Length of the head. */
  readonly headBytes: number;
  readonly timeMs: number;
}

/** Whether bytes begin like an envelope; no JSON text and no schema registry framing does. */
export function hasEnvelopeMagic(bytes: Buffer): boolean {
  return bytes[0] === MAGIC_0 && bytes[1] === MAGIC_1;
}

/** @throws TenantryError `ENVELOPE_MALFORMED` or `ENVELOPE_UNSUPPORTED` */
export function parseEnvelope(bytes: Buffer, placement: Placement): Envelope {
  if (!hasEnvelopeMagic(bytes)) throw malformed('does not begin with E7 54');
  if (bytes.length <= FLAGS_AT) throw malformed('is cut inside its header');
  if (bytes[VERSION_AT] !== VERSION) throw unsupported('version', bytes[VERSION_AT]);
  if (bytes[SUITE_AT] !== SUITE) throw unsupported('suite', bytes[SUITE_AT]);
  const flags = bytes[FLAGS_AT] ?? 0;
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unsupported('flags', flags);
  if (bytes.length < WRAPPED_AT) throw malformed('is cut inside its header');
  if (flags !== FLAGS[placement]) throw malformed('stands where its flags do not allow it');

  const wrappedBytes = bytes.readUInt16BE(WRAPPED_LENGTH_AT);
  if (wrappedBytes === 0 || wrappedBytes > MAX_WRAPPED_BYTES) throw malformed('has a wrapped key of a wrong length');
  const headBytes = WRAPPED_AT + wrappedBytes;
  const ciphertextBytes = bytes.length - headBytes - TAG_BYTES;
  if (ciphertextBytes < 0) throw malformed('is cut inside its wrapped key or tag');
  if (placement === 'detached' && ciphertextBytes > 0) throw malformed('is detached and yet has a ciphertext');

  const timeMs = bytes.readUInt32BE(TIME_AT) * TWO_32 + bytes.readUInt32BE(TIME_AT + 4);
  if (timeMs > MAX_TIME_MS) throw malformed('has a time that no date can hold');
  return { bytes, headBytes, timeMs };
}

/** What the flags of a detached seal say that it holds; nothing else of it is looked at. */
export function detachedPlacement(seal: Buffer): Exclude<Placement, 'value'> {
  return seal[FLAGS_AT] === FLAGS.fields ? 'fields' : 'detached';
}

export function dekIdOf({ bytes }: Envelope): Buffer {
  return bytes.subarray(DEK_ID_AT, SALT_AT);
}

/** Without a Buffer for the part, as below: it would cost as much as the comparison. */
export function hasDekId({ bytes }: Envelope, dekId: Buffer): boolean {
  return bytes.compare(dekId, 0, dekId.length, DEK_ID_AT, SALT_AT) === 0;
}

export function hasSalt({ bytes }: Envelope, salt: Buffer): boolean {
  return bytes.compare(salt, 0, salt.length, SALT_AT, SEQ_AT) === 0;
}

export function hasWrapped({ bytes, headBytes }: Envelope, wrapped: Buffer): boolean {
  return bytes.compare(wrapped, 0, wrapped.length, WRAPPED_AT, headBytes) === 0;
}

export function saltOf({ bytes }: Envelope): Buffer {
  return bytes.subarray(SALT_AT, SEQ_AT);
}

/** The salt as the name of a record key. */
export function saltNameOf({ bytes }: Envelope): string {
  return bytes.toString('latin1', SALT_AT, SEQ_AT);
}

export function wrappedOf({ bytes, headBytes }: Envelope): Buffer {
  return bytes.subarray(WRAPPED_AT, headBytes);
}

/** All wrapped bytes as the name of a data key. */
export function wrappedNameOf({ bytes, headBytes }: Envelope): string {
  return bytes.toString('latin1', WRAPPED_AT, headBytes);
}

export function ciphertextOf({ bytes, headBytes }: Envelope): Buffer {
  return bytes.subarray(headBytes, bytes.length - TAG_BYTES);
}

export function tagOf({ bytes }: Envelope): Buffer {
  return bytes.subarray(bytes.length - TAG_BYTES);
}

/** The head of all envelopes of one session; `stampHead` fills in what differs. */
export function createHead(dekId: Buffer, salt: Buffer, wrapped: Buffer): Buffer {
  const head = Buffer.alloc(WRAPPED_AT + wrapped.length);
  head[0] = MAGIC_0;
  head[1] = MAGIC_1;
  head[VERSION_AT] = VERSION;
  head[SUITE_AT] = SUITE;
  head.set(dekId, DEK_ID_AT);
  head.set(salt, SALT_AT);
  head.writeUInt16BE(wrapped.length, WRAPPED_LENGTH_AT);
  head.set(wrapped, WRAPPED_AT);
  return head;
}

/** @throws TenantryError `INVALID_OPTIONS` where the time is before 1970 or no whole number of milliseconds */
export function stampHead(head: Buffer, flags: number, seq: number, timeMs: number): void {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > MAX_TIME_MS) {
    const message = 'the time of a sealed event must be whole milliseconds since 1970, and a time that a Date can hold';
    throw tenantryError('INVALID_OPTIONS', message, { problems: [{ path: 'timestamp', message }] });
  }
  head[FLAGS_AT] = flags;
  writeUInt64(head, SEQ_AT, seq);
  writeUInt64(head, TIME_AT, timeMs);
}

/** Writes the nonce `00000000 ‖ seq` of the envelope whose head this is; the first four bytes are zero already. */
export function writeNonce(nonce: Buffer, head: Buffer): void {
  for (let index = 0; index < SEQ_BYTES; index += 1) nonce[NONCE_SEQ_AT + index] = head[SEQ_AT + index] ?? 0;
}

function writeUInt64(target: Buffer, at: number, value: number): void {
  target.writeUInt32BE(Math.floor(value / TWO_32), at);
  target.writeUInt32BE(value % TWO_32, at + 4);
}

function malformed(what: string): Error {
  return tenantryError('ENVELOPE_MALFORMED', `the envelope ${what}`);
}

function unsupported(what: string, value: number | undefined): Error {
  return tenantryError(
    'ENVELOPE_UNSUPPORTED',
    `the envelope has the ${what} ${value ?? 0}, which this version does not accept`,
  );
}
