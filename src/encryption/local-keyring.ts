import { randomBytes } from 'node:crypto';
import { checkOptions } from '../core/invalid-options.js';
import { lazySchema } from '../core/lazy-schema.js';
import type { TenantId } from '../core/tenant-id.js';
import { KEY_BYTES, takeSecretKey } from './key-derivation.js';
import { indestructible } from './key-destruction.js';
import { readKeyFile, readKeyVariable } from './key-file.js';
import { invalidKeys, parseKeyRing, type DecodedKeys, type KeyRing } from './key-ring.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from './key-service.js';
import {
  LOCAL_BLOB_BYTES,
  localKekId,
  unwrapLocally,
  WRAP_NONCE_BYTES,
  wrapLocally,
  type LocalKek,
} from './local-wrap.js';

/**
 * Where a local keyring takes its keys from: exactly one of three.
 *
 * - `keys`: for each tenant id a key of 32 bytes, as a `Uint8Array` or in base64 or hex, or
 *   `{ current, previous }` where records under older keys must still open
 * - `keyFile`: path of a JSON file with the same content, made by `tenantry keys generate --file`; on POSIX only
 *   its owner may have access to it
 * - `environment: true`: the same JSON in the variable `TENANTRY_KEYS`
 */
export type LocalKeyringOptions =
  | { readonly keys: KeyRing; readonly keyFile?: undefined; readonly environment?: undefined }
  | { readonly keyFile: string; readonly keys?: undefined; readonly environment?: undefined }
  | { readonly environment: true; readonly keys?: undefined; readonly keyFile?: undefined };

const optionsSchema = lazySchema((z) =>
  z
    .strictObject({
      keys: z.unknown().optional(),
      keyFile: z.string().min(1).optional(),
      environment: z.literal(true).optional(),
    })
    .refine((options) => Object.values(options).filter((value) => value !== undefined).length === 1, {
      error: 'exactly one of keys, keyFile and environment must be given',
    }),
);

/**
 * A key service whose keys are in this process: for development, for tests, and where a platform hands out
 * keys as secrets. The keys are read once, now.
 *
 * @throws TenantryError `INVALID_OPTIONS`, or `INVALID_KEY_MATERIAL` that names each tenant whose key cannot be used
 */
export function localKeyring(options: LocalKeyringOptions): KeyService {
  const { keyFile, environment, keys } = checkOptions('localKeyring', optionsSchema, options);
  if (keyFile !== undefined) return new LocalKeyring(readKeyFile(keyFile), `the key file ${keyFile}`);
  if (environment === true) return new LocalKeyring(readKeyVariable(), 'the key ring in the environment');
  return new LocalKeyring(keys, 'keys');
}

/** The key ids, in hex and the current one first, of each tenant in a key ring: what may be shown of keys. */
export function keyRingIds(ring: unknown, where: string): Map<TenantId, string[]> {
  const ids = new Map<TenantId, string[]>();
  for (const [tenantId, keks] of localKeks(ring, where)) {
    ids.set(
      tenantId,
      keks.map(({ id }) => id.toString('hex')),
    );
  }
  return ids;
}

/** Whether a key service is a local keyring, which destroys nothing. */
export function isLocalKeyring(service: KeyService): boolean {
  return service instanceof LocalKeyring;
}

class LocalKeyring implements KeyService {
  readonly maxBlobBytes = LOCAL_BLOB_BYTES;
  readonly #tenants: Map<TenantId, readonly LocalKek[]>;

  constructor(ring: unknown, where: string) {
    this.#tenants = localKeks(ring, where);
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#tenants.get(tenantId)?.map(({ id }) => id) ?? [];
  }

  generateDataKey(tenantId: TenantId, kekId: Buffer): GeneratedDataKey {
    const plaintext = randomBytes(KEY_BYTES);
    return {
      plaintext,
      blob: wrapLocally(this.#kek(tenantId, kekId), tenantId, plaintext, randomBytes(WRAP_NONCE_BYTES)),
    };
  }

  unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer): Buffer {
    const dek = unwrapLocally(this.#kek(tenantId, kekId), tenantId, blob);
    if (dek === undefined) throw new KeyServiceFailure('data-key-refused', 'not-authentic');
    return dek;
  }

  destroyKek(tenantId: TenantId): never {
    throw indestructible(
      tenantId,
      'a local keyring holds what its configuration holds; remove the key from the key file or variable and from every copy of it, and keep its id in erasedKeks',
    );
  }

  #kek(tenantId: TenantId, kekId: Buffer): LocalKek {
    const kek = this.#tenants.get(tenantId)?.find(({ id }) => id.equals(kekId));
    if (kek === undefined) throw new KeyServiceFailure('key-refused', 'not-found');
    return kek;
  }
}

function localKeks(ring: unknown, where: string): Map<TenantId, readonly LocalKek[]> {
  const tenants = new Map<TenantId, readonly LocalKek[]>();
  for (const [tenantId, keys] of parseKeyRing(ring, where)) tenants.set(tenantId, keksOf(tenantId, keys, where));
  return tenants;
}

function keksOf(tenantId: TenantId, keys: DecodedKeys, where: string): readonly LocalKek[] {
  const keks = keys.map((bytes) => {
    const key = takeSecretKey(bytes);
    return { id: localKekId(key), key };
  });
  if (new Set(keks.map(({ id }) => id.toString('hex'))).size < keks.length) {
    throw invalidKeys(`${where} cannot be used: tenant ${tenantId} has the same key twice`);
  }
  return keks;
}
