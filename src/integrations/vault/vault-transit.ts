import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { LruMap } from '../../core/lru-map.js';
import type { TenantId } from '../../core/tenant-id.js';
import { isConfidentialUrl } from '../../encryption/confidential-url.js';
import { tenantContext } from '../../encryption/kek-identity.js';
import type { DestroyKekOptions, KekDestruction } from '../../encryption/key-destruction.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../encryption/key-service.js';
import { ConfiguredKeks, keyUrisSchema, type KeyNaming, type KeyUris } from '../../encryption/key-uris.js';
import { VaultDestruction } from './vault-destruction.js';
import { failureOf, type VaultOperation } from './vault-failures.js';
import { VaultHttp, type VaultToken } from './vault-http.js';

export type { VaultToken };

/** Options of `vaultTransit`. */
export interface VaultTransitOptions {
  /** For instance `https://vault.example:8200`; `http` only on this machine, where a Vault agent listens. */
  readonly address: string;
  /** A token, or a function that gives the one that holds now. The application renews it. */
  readonly token: VaultToken;
  /** Names of transit keys. They must be of type `aes256-gcm96`, derived and not convergent. */
  readonly keys: KeyUris;
  /** Where the transit engine is mounted. Default `transit`. */
  readonly mount?: string | undefined;
  /** A namespace of Vault Enterprise or OpenBao. Default: the root namespace. */
  readonly namespace?: string | undefined;
}

const naming: KeyNaming = {
  isUri: (uri) => /^\w(?:[\w.-]{0,253}\w)?$/.test(uri),
  form: 'the name of a transit key',
};

/** `vault:v<version>:` and in base64 a nonce of 12 bytes, the data key and a tag of 16. */
const BLOB = /^vault:v[1-9]\d{0,9}:[A-Za-z0-9+/]{80}$/;
const MAX_BLOB_BYTES = 'vault:v0123456789:'.length + 80;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_CHECKED_KEYS = 10_000;

const optionsSchema = lazySchema((z) => {
  const path = /^[\w.-]+(?:\/[\w.-]+)*\/?$/;
  return z.strictObject({
    address: z
      .string()
      .refine(isConfidentialUrl, 'must be an https URL, or an http URL of this machine')
      .refine(hasNoCredentials, 'must be without a user and a password: Vault takes a token'),
    token: z.union([
      z.string().min(1),
      z.custom<() => string | Promise<string>>((value) => typeof value === 'function', 'must be a token or a function'),
    ]),
    keys: keyUrisSchema(z, naming),
    mount: z.string().regex(path, 'must be a path of names').default('transit'),
    namespace: z.string().regex(path, 'must be a path of names').optional(),
  });
});

/** `fetch` refuses an address with them, at the first call. */
function hasNoCredentials(address: string): boolean {
  const { username = '', password = '' } = URL.canParse(address) ? new URL(address) : {};
  return username === '' && password === '';
}

/**
 * Tenants' keys in the transit engine of HashiCorp Vault or OpenBao, over its HTTP API. Transit derives a key for each
 * tenant from the named one, and only that unwraps the tenant's data keys. A key that is not derived ignores the
 * tenant without a word, so before the first use of a key its settings are read, and one that binds nothing is refused.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function vaultTransit(options: VaultTransitOptions): KeyService {
  const { address, token, keys, mount, namespace } = checkOptions('vaultTransit', optionsSchema, options);
  const http = new VaultHttp({ address, token, namespace });
  return new VaultTransit(http, mount.replace(/\/$/, ''), new ConfiguredKeks(keys, naming));
}

class VaultTransit implements KeyService {
  readonly maxBlobBytes = MAX_BLOB_BYTES;
  readonly #http: VaultHttp;
  readonly #mount: string;
  readonly #keks: ConfiguredKeks;
  readonly #destruction: VaultDestruction;
  readonly #checks = new LruMap<string, Promise<void>>(MAX_CHECKED_KEYS);

  constructor(http: VaultHttp, mount: string, keks: ConfiguredKeks) {
    this.#http = http;
    this.#mount = mount;
    this.#keks = keks;
    this.#destruction = new VaultDestruction(http, mount, keks);
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#keks.ids(tenantId);
  }

  keyUri(tenantId: TenantId, kekId: Buffer): string {
    return this.#keks.uri(tenantId, kekId);
  }

  async generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Promise<GeneratedDataKey> {
    const key = this.#keks.uri(tenantId, kekId);
    await this.#check(key, signal);
    const request = { context: contextOf(tenantId), bits: 256 };
    const { plaintext, ciphertext } = await this.#ask('generate', `datakey/plaintext/${key}`, request, signal);
    return { plaintext: decoded(plaintext), blob: Buffer.from(typeof ciphertext === 'string' ? ciphertext : '') };
  }

  async unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    const key = this.#keks.uri(tenantId, kekId);
    const ciphertext = blob.toString('latin1');
    if (!BLOB.test(ciphertext)) throw new KeyServiceFailure('data-key-refused', 'malformed');
    await this.#check(key, signal);
    const { plaintext } = await this.#ask(
      'decrypt',
      `decrypt/${key}`,
      { ciphertext, context: contextOf(tenantId) },
      signal,
    );
    return decoded(plaintext);
  }

  async destroyKek(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    const destruction = await this.#destruction.destroy(tenantId, kekId, options, signal);
    // A key that is made anew under its name is checked anew.
    this.#checks.delete(this.#keks.uri(tenantId, kekId));
    return destruction;
  }

  /** Once for each key: its type and derivation cannot be changed after it was made. */
  #check(key: string, signal: AbortSignal): Promise<void> {
    const held = this.#checks.get(key);
    if (held !== undefined) return held;
    const check = this.#refuseWhatBindsNothing(key, signal);
    this.#checks.set(key, check);
    check.catch(() => this.#checks.delete(key));
    return check;
  }

  async #refuseWhatBindsNothing(key: string, signal: AbortSignal): Promise<void> {
    const settings = await this.#ask('read-key', `keys/${key}`, undefined, signal);
    if (settings['type'] !== 'aes256-gcm96') throw new KeyServiceFailure('key-refused', 'key-not-aes256-gcm96');
    if (settings['derived'] !== true) throw new KeyServiceFailure('key-refused', 'key-not-derived');
    if (settings['convergent_encryption'] === true) throw new KeyServiceFailure('key-refused', 'key-convergent');
  }

  async #ask(
    operation: VaultOperation,
    path: string,
    request: object | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const method = request === undefined ? 'GET' : 'POST';
    const answer = await this.#http.call(method, `${this.#mount}/${path}`, request, signal);
    if (answer.status !== 200) throw failureOf(answer, operation);
    const { data } = (answer.body ?? {}) as { data?: unknown };
    if (typeof data === 'object' && data !== null) return data as Record<string, unknown>;
    throw new KeyServiceFailure('away', `${operation}-no-answer`);
  }
}

function contextOf(tenantId: TenantId): string {
  return tenantContext(tenantId).toString('base64');
}

/** Into bytes of their own: a small Buffer made from a text shares its memory with others. */
function decoded(text: unknown): Buffer {
  const isBase64 = typeof text === 'string' && BASE64.test(text);
  const bytes = Buffer.allocUnsafeSlow(isBase64 ? Buffer.byteLength(text, 'base64') : 0);
  if (isBase64) bytes.write(text, 'base64');
  return bytes;
}
