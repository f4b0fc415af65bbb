import { randomFillSync } from 'node:crypto';
import { tenantryError } from './errors.js';

const EVENT_ID = /^[\x21-\x7e]{1,128}$/;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const DASH = 0x2d;
/** Where the text of a UUID has its bytes; the rest are dashes. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
// Written in place and read as one text: pieces of text put together would leave 600 bytes of garbage an id.
const uuid = Buffer.alloc(36, DASH);

// One system call for 256 ids: `randomBytes` for each id would cost more than the rest of it.
const POOL_BYTES = 256 * 10;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = POOL_BYTES;

/** Whether a value may be an event id: 1 to 128 visible ASCII characters. */
export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value);
}

/** @throws TenantryError `INVALID_EVENT_ID` */
export function parseEventId(value: unknown): string {
  if (isEventId(value)) return value;
  throw tenantryError('INVALID_EVENT_ID', 'an event id must be 1 to 128 visible ASCII characters');
}

/**
 * A new UUID version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits.
 *
 * @param nowMs - milliseconds since the Unix epoch
 */
export function newEventId(nowMs: number): string {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  writeTime(nowMs);
  writeByte(6, 0x70 | (randomByte() & 0x0f));
  writeByte(7, randomByte());
  writeByte(8, 0x80 | (randomByte() & 0x3f));
  for (let index = 9; index < 16; index += 1) writeByte(index, randomByte());
  return uuid.toString('latin1');
}

function randomByte(): number {
  used += 1;
  return pool[used - 1] ?? 0;
}

function writeTime(nowMs: number): void {
  // A bit operator would cut the time to 32 bits, so it is halved by division.
  const high = Math.floor(nowMs / 0x1_0000);
  const low = nowMs % 0x1_0000;
  writeByte(0, high >>> 24);
  writeByte(1, high >>> 16);
  writeByte(2, high >>> 8);
  writeByte(3, high);
  writeByte(4, low >>> 8);
  writeByte(5, low);
}

function writeByte(index: number, byte: number): void {
  const at = PLACES[index] ?? 0;
  uuid[at] = DIGITS[(byte >>> 4) & 0x0f] ?? 0;
  uuid[at + 1] = DIGITS[byte & 0x0f] ?? 0;
}
