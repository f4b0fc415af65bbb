import type { WireHeader } from '../record/wire-record.js';
import type { DriverHeader } from './driver-types.js';

// The client takes the address of an empty Buffer for the address of nothing and writes null, unless the
// Buffer is an empty part of one that is not empty.
const EMPTY = Buffer.allocUnsafeSlow(1).subarray(0, 0);

/** Bytes as the client takes them, so that empty ones stay different from none. */
export function toDriverBytes<T extends Buffer | null>(bytes: T): T | Buffer {
  return bytes?.length === 0 ? EMPTY : bytes;
}

const NO_HEADERS: readonly WireHeader[] = [];

/**
 * Headers as the client takes them. It finds out that a value is no Buffer after it has written the record
 * without it, so the values are looked at before.
 */
export function toDriverHeaders(headers: readonly WireHeader[]): readonly DriverHeader[] {
  return headers.map(({ name, value }) => {
    if (!Buffer.isBuffer(value)) throw new TypeError('a header value must be a Buffer');
    const bytes = toDriverBytes(value);
    // A computed key defines, where an assignment would set the prototype; but it takes four times as long.
    if (name === '__proto__') return { [name]: bytes };
    const header: Record<string, Buffer> = {};
    header[name] = bytes;
    return header;
  });
}

/**
 * Headers as the client shows them. It assigns where it should define: a header named `__proto__` becomes
 * an object without own keys whose prototype is the value.
 */
export function fromDriverHeaders(headers: readonly DriverHeader[] | undefined): readonly WireHeader[] {
  if (headers === undefined || headers.length === 0) return NO_HEADERS;
  return headers.map((header) => {
    const name = Object.keys(header)[0];
    if (name !== undefined) return { name, value: header[name] as Buffer };
    return { name: '__proto__', value: Object.getPrototypeOf(header) as Buffer };
  });
}
