import { tenantryError } from '../core/errors.js';
import { isWellFormed } from '../core/utf8.js';
import { isReservedHeader } from '../record/header-names.js';
import type { WireHeader } from '../record/wire-record.js';

/** The most headers an application may add to an event. */
export const MAX_APPLICATION_HEADERS = 64;
const MAX_NAME_LENGTH = 128;
const NAME = /^[\x21-\x7e]+$/;
const NONE: readonly WireHeader[] = Object.freeze([]);

/**
 * Checks the headers given to `publish` before anything is sent: the native client writes a record
 * without a header it does not like, and throws afterwards.
 *
 * @throws TenantryError `INVALID_HEADER`
 */
export function applicationHeaders(
  headers: Readonly<Record<string, string | Uint8Array>> | undefined,
): readonly WireHeader[] {
  if (headers === undefined) return NONE;
  const names = Object.keys(headers);
  if (names.length > MAX_APPLICATION_HEADERS) {
    throw tenantryError(
      'INVALID_HEADER',
      `an event has at most ${MAX_APPLICATION_HEADERS} headers of its own, not ${names.length}`,
    );
  }
  return names.map((name) => ({ name: checkedName(name), value: headerValue(name, headers[name]) }));
}

function checkedName(name: string): string {
  if (name.length > MAX_NAME_LENGTH || !NAME.test(name)) {
    throw tenantryError('INVALID_HEADER', `a header name must be 1 to ${MAX_NAME_LENGTH} visible ASCII characters`);
  }
  if (isReservedHeader(name)) throw tenantryError('INVALID_HEADER', `the header name ${name} is reserved`);
  return name;
}

function headerValue(name: string, value: unknown): Buffer {
  if (typeof value === 'string' && isWellFormed(value)) return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw tenantryError('INVALID_HEADER', `the value of header ${name} must be a well-formed string or a Uint8Array`);
}
