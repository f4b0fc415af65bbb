import { randomBytes } from 'node:crypto';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { LruMap } from '../../core/lru-map.js';
import type { TenantId } from '../../core/tenant-id.js';
import { isConfidentialUrl } from '../../encryption/confidential-url.js';
import { tenantContext } from '../../encryption/kek-identity.js';
import { KEY_BYTES } from '../../encryption/key-derivation.js';
import type { DestroyKekOptions, KekDestruction } from '../../encryption/key-destruction.js';
import {
  classifiedCall,
  KeyServiceFailure,
  type GeneratedDataKey,
  type KeyService,
} from '../../encryption/key-service.js';
import { ConfiguredKeks, keyUrisSchema, type KeyNaming, type KeyUris } from '../../encryption/key-uris.js';
import { AzureDestruction, type AzureDeletion } from './azure-destruction.js';
import { failureOf } from './azure-failures.js';

/** A call of `encrypt`. */
export interface AzureEncryptParameters {
  algorithm: 'A256GCM';
  plaintext: Uint8Array;
  additionalAuthenticatedData: Uint8Array;
}

/** A call of `decrypt`. */
export interface AzureDecryptParameters {
  algorithm: 'A256GCM';
  ciphertext: Uint8Array;
  iv: Uint8Array;
  authenticationTag: Uint8Array;
  additionalAuthenticatedData: Uint8Array;
}

/** What is needed of a client: a `CryptographyClient` of the package `@azure/keyvault-keys`. */
export interface AzureCryptographyClient {
  /** Encrypts with the key of the client; Azure makes the nonce. */
  encrypt(
    parameters: AzureEncryptParameters,
    options: { abortSignal: AbortSignal },
  ): Promise<{ result: Uint8Array; iv?: Uint8Array; authenticationTag?: Uint8Array }>;
  /** Decrypts what the same key encrypted. */
  decrypt(parameters: AzureDecryptParameters, options: { abortSignal: AbortSignal }): Promise<{ result: Uint8Array }>;
}

/** Options of `azureKeyVault`. */
export interface AzureKeyVaultOptions {
  /**
   * Makes the client of a key: `(keyId) => new CryptographyClient(keyId, credential)` with `CryptographyClient` of
   * `@azure/keyvault-keys`. Called once for each key that is in use.
   */
  readonly client: (keyId: string) => AzureCryptographyClient;
  /**
   * Key ids `https://….managedhsm.azure.net/keys/<name>/<version>` of AES keys (`oct-HSM`). The version is needed,
   * because no ciphertext of Azure says which version made it: a rotated key is a new id, put before the former.
   */
  readonly keys: KeyUris;
  /** How keys are destroyed. Without it none can be. */
  readonly deletion?: AzureDeletion | undefined;
}

const KEY_ID = /^https?:\/\/[^/?#@]{1,255}\/keys\/[0-9A-Za-z-]{1,127}\/[0-9a-f]{32}$/;

const naming: KeyNaming = {
  isUri: (uri) => KEY_ID.test(uri) && isConfidentialUrl(uri),
  form: 'https://<vault or HSM>/keys/<name>/<version>',
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** `nonce ‖ ciphertext ‖ tag`. */
const BLOB_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const MAX_CLIENTS = 1_000;

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    client: z.custom<AzureKeyVaultOptions['client']>(
      (value) => typeof value === 'function',
      'must be a function that makes a CryptographyClient of @azure/keyvault-keys for a key id',
    ),
    keys: keyUrisSchema(z, naming),
    deletion: z
      .strictObject({
        client: z.custom<AzureDeletion['client']>(
          (value) => typeof value === 'function',
          'must be a function that makes a KeyClient of @azure/keyvault-keys for the URL of a vault',
        ),
        purge: z.boolean().default(false),
      })
      .optional(),
  }),
);

/**
 * Tenants' keys in an Azure Key Vault Managed HSM. A data key is made here and encrypted there with AES-256-GCM and
 * the tenant as additional authenticated data. The algorithm is fixed, so an RSA key is refused: whoever has its
 * public half could wrap data keys of their own.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function azureKeyVault(options: AzureKeyVaultOptions): KeyService {
  const { client, keys, deletion } = checkOptions('azureKeyVault', optionsSchema, options);
  const keks = new ConfiguredKeks(keys, naming);
  return new AzureKeyVault(client, keks, new AzureDestruction(deletion, keks));
}

class AzureKeyVault implements KeyService {
  readonly maxBlobBytes = BLOB_BYTES;
  readonly #makeClient: AzureKeyVaultOptions['client'];
  readonly #keks: ConfiguredKeks;
  readonly #destruction: AzureDestruction;
  readonly #clients = new LruMap<string, AzureCryptographyClient>(MAX_CLIENTS);

  constructor(makeClient: AzureKeyVaultOptions['client'], keks: ConfiguredKeks, destruction: AzureDestruction) {
    this.#makeClient = makeClient;
    this.#keks = keks;
    this.#destruction = destruction;
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#keks.ids(tenantId);
  }

  keyUri(tenantId: TenantId, kekId: Buffer): string {
    return this.#keks.uri(tenantId, kekId);
  }

  async generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Promise<GeneratedDataKey> {
    const keyId = this.#keks.uri(tenantId, kekId);
    const plaintext = randomBytes(KEY_BYTES);
    const parameters: AzureEncryptParameters = {
      algorithm: 'A256GCM',
      plaintext,
      additionalAuthenticatedData: tenantContext(tenantId),
    };
    const { iv, result, authenticationTag } = await this.#call('encrypt', keyId, signal, (client) =>
      client.encrypt(parameters, { abortSignal: signal }),
    );
    if (iv?.length !== NONCE_BYTES || result.length !== KEY_BYTES || authenticationTag?.length !== TAG_BYTES) {
      throw new KeyServiceFailure('away', 'not-a-gcm-ciphertext');
    }
    return { plaintext, blob: Buffer.concat([iv, result, authenticationTag]) };
  }

  async unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    const keyId = this.#keks.uri(tenantId, kekId);
    if (blob.length !== BLOB_BYTES) throw new KeyServiceFailure('data-key-refused', 'malformed');
    const parameters: AzureDecryptParameters = {
      algorithm: 'A256GCM',
      iv: blob.subarray(0, NONCE_BYTES),
      ciphertext: blob.subarray(NONCE_BYTES, NONCE_BYTES + KEY_BYTES),
      authenticationTag: blob.subarray(NONCE_BYTES + KEY_BYTES),
      additionalAuthenticatedData: tenantContext(tenantId),
    };
    const { result } = await this.#call('decrypt', keyId, signal, (client) =>
      client.decrypt(parameters, { abortSignal: signal }),
    );
    return result;
  }

  destroyKek(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    return this.#destruction.destroy(tenantId, kekId, options, signal);
  }

  async #call<T>(
    operation: 'encrypt' | 'decrypt',
    keyId: string,
    signal: AbortSignal,
    call: (client: AzureCryptographyClient) => Promise<T>,
  ): Promise<T> {
    try {
      return await classifiedCall(
        () => call(this.#client(keyId)),
        (error) => failureOf(error, operation),
      );
    } catch (failure) {
      const isGone = failure instanceof KeyServiceFailure && failure.kind === 'key-gone';
      if (isGone && (await this.#destruction.isDeleted(keyId, signal))) {
        throw new KeyServiceFailure('key-being-destroyed', 'deleted-not-purged');
      }
      throw failure;
    }
  }

  #client(keyId: string): AzureCryptographyClient {
    const held = this.#clients.get(keyId);
    if (held !== undefined) return held;
    const client = this.#makeClient(keyId);
    this.#clients.set(keyId, client);
    return client;
  }
}
