import { tenantryError } from '../core/errors.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { KEY_BYTES } from './key-derivation.js';

/** A key encryption key as people hand it over: 32 bytes, or those in base64 or hex. */
export type KeyMaterial = Uint8Array | string;

/** The keys of one tenant: the one that wraps new data keys, and older ones that still unwrap. */
export interface TenantKeys {
  readonly current: KeyMaterial;
  readonly previous?: readonly KeyMaterial[] | undefined;
}

/** Keys by tenant id. */
export type KeyRing = Readonly<Record<string, KeyMaterial | TenantKeys>>;

/** The decoded keys of one tenant, the current one first; the bytes are copies. */
export type DecodedKeys = readonly [Buffer, ...Buffer[]];

const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43}=?)$/;

/**
 * Reads a key ring as options, key files and the environment hold it.
 *
 * @param where - what to call the key ring in a message
 * @throws TenantryError `INVALID_KEY_MATERIAL` that lists all problems, by tenant and without any key
 */
export function parseKeyRing(ring: unknown, where: string): Map<TenantId, DecodedKeys> {
  if (!isPlainObject(ring)) throw invalidKeys(`${where} must be an object with a key for each tenant id`);
  const problems: string[] = [];
  const keys = new Map<TenantId, DecodedKeys>();
  const seen = new Map<string, string>();
  Object.entries(ring).forEach(([tenantId, entry], index) => {
    const name = nameForPeople(tenantId, index);
    if (!isTenantId(tenantId)) {
      problems.push(`${name} is not under a tenant id`);
      return;
    }
    const twin = seen.get(tenantId.toLowerCase());
    if (twin !== undefined) problems.push(`${name} and ${twin} differ in upper and lower case only`);
    seen.set(tenantId.toLowerCase(), name);
    const decoded = decodeEntry(entry);
    if (typeof decoded === 'string') problems.push(`${name}: ${decoded}`);
    else keys.set(tenantId, decoded);
  });
  if (problems.length > 0) throw invalidKeys(`${where} cannot be used: ${problems.join('; ')}`);
  return keys;
}

export function invalidKeys(message: string): Error {
  return tenantryError('INVALID_KEY_MATERIAL', message);
}

/** @returns the keys, or what is wrong */
function decodeEntry(entry: unknown): DecodedKeys | string {
  if (typeof entry === 'string' || entry instanceof Uint8Array) {
    const key = decodeKey(entry);
    return typeof key === 'string' ? `the key ${key}` : [key];
  }
  if (!isPlainObject(entry)) return 'must be a key, or an object with current and previous';
  const { current, previous = [], ...others } = entry;
  if (Object.keys(others).length > 0) return 'has a field other than current and previous';
  if (!Array.isArray(previous)) return 'previous must be an array of keys';
  const first = decodeKey(current);
  if (typeof first === 'string') return `the current key ${first}`;
  const rest: Buffer[] = [];
  for (const [index, material] of previous.entries()) {
    const key = decodeKey(material);
    if (typeof key === 'string') return `previous key ${index + 1} ${key}`;
    rest.push(key);
  }
  return [first, ...rest];
}

/** @returns the key, or what is wrong with it */
function decodeKey(material: unknown): Buffer | string {
  if (material instanceof Uint8Array) {
    if (material.length !== KEY_BYTES) return `has ${material.length} bytes and needs ${KEY_BYTES}`;
    const copy = Buffer.allocUnsafeSlow(KEY_BYTES);
    copy.set(material);
    return copy;
  }
  if (typeof material !== 'string') return 'is neither a Uint8Array nor a string';
  const encoding = HEX.test(material) ? 'hex' : BASE64.test(material) ? 'base64' : undefined;
  if (encoding === undefined)
    return `is a string of ${material.length} characters and must be ${KEY_BYTES} bytes in base64 or hex`;
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  key.write(material, encoding);
  return key;
}

/** A key that was put where the tenant id belongs must not be repeated; a long id may be one. */
function nameForPeople(tenantId: string, index: number): string {
  return isTenantId(tenantId) && typeof decodeKey(tenantId) === 'string' ? `tenant ${tenantId}` : `entry ${index + 1}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  // A Map has no entries that could be seen, so it would be a key ring without keys.
  return Object.prototype.toString.call(value) === '[object Object]';
}
