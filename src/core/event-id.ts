import { randomFillSync } from 'node:crypto';
import { tenantryError } from './errors.js';

const EVENT_ID = /^[\x21-\x7e]{1,128}$/;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

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
  const at = used;
  used += 10;
  const hex = (byte: number): string => HEX[byte & 0xff] ?? '';
  const random = (index: number): number => pool[at + index] ?? 0;
  // A bit operator would cut the time to 32 bits, so it is halved by division.
  const high = Math.floor(nowMs / 0x1_0000);
  const low = nowMs % 0x1_0000;
  const time = `${hex(high >>> 24)}${hex(high >>> 16)}${hex(high >>> 8)}${hex(high)}-${hex(low >>> 8)}${hex(low)}`;
  const version = `${hex(0x70 | (random(0) & 0x0f))}${hex(random(1))}`;
  const variant = `${hex(0x80 | (random(2) & 0x3f))}${hex(random(3))}`;
  const rest = `${hex(random(4))}${hex(random(5))}${hex(random(6))}${hex(random(7))}${hex(random(8))}${hex(random(9))}`;
  return `${time}-${version}-${variant}-${rest}`;
}
