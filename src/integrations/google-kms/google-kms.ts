import { randomBytes } from 'node:crypto';
import { unlessAborted } from '../../core/unless-aborted.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import type { TenantId } from '../../core/tenant-id.js';
import { tenantContext } from '../../encryption/kek-identity.js';
import { KEY_BYTES } from '../../encryption/key-derivation.js';
import type { DestroyKekOptions, KekDestruction } from '../../encryption/key-destruction.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../encryption/key-service.js';
import { ConfiguredKeks, keyUrisSchema, type KeyNaming, type KeyUris } from '../../encryption/key-uris.js';
import { crc32c } from './crc32c.js';
import { GoogleDestruction, type GoogleDestroyingClient } from './google-destruction.js';
import { failureOf, NOT_USABLE, type GoogleOperation } from './google-failures.js';

/** A CRC-32C as the client takes and gives it. */
export interface GoogleChecksum {
  value?: unknown;
}

/** A call of `encrypt`. */
export interface GoogleEncryptRequest {
  name: string;
  plaintext: Uint8Array;
  plaintextCrc32c: { value: number };
  additionalAuthenticatedData: Uint8Array;
  additionalAuthenticatedDataCrc32c: { value: number };
}

/** What is read of an answer of `encrypt`. */
export interface GoogleEncryptResponse {
  ciphertext?: Uint8Array | string | null;
  ciphertextCrc32c?: GoogleChecksum | null;
  verifiedPlaintextCrc32c?: boolean | null;
  verifiedAdditionalAuthenticatedDataCrc32c?: boolean | null;
}

/** A call of `decrypt`. */
export interface GoogleDecryptRequest {
  name: string;
  ciphertext: Uint8Array;
  ciphertextCrc32c: { value: number };
  additionalAuthenticatedData: Uint8Array;
  additionalAuthenticatedDataCrc32c: { value: number };
}

/** What is read of an answer of `decrypt`. */
export interface GoogleDecryptResponse {
  plaintext?: Uint8Array | string | null;
  plaintextCrc32c?: GoogleChecksum | null;
}

/** What is needed of a client: a `KeyManagementServiceClient` of the package `@google-cloud/kms`. */
export interface GoogleKmsClient extends GoogleDestroyingClient {
  /** Loads the credentials. */
  initialize(): Promise<unknown>;
  /** Encrypts with the primary version of a key. */
  encrypt(
    request: GoogleEncryptRequest,
    options: { timeout: number; retry: null },
  ): Promise<[GoogleEncryptResponse, ...unknown[]]>;
  /** Decrypts with the version of the key that the ciphertext names. */
  decrypt(
    request: GoogleDecryptRequest,
    options: { timeout: number; retry: null },
  ): Promise<[GoogleDecryptResponse, ...unknown[]]>;
}

/** Options of `googleKms`. */
export interface GoogleKmsOptions {
  /** A `KeyManagementServiceClient` of `@google-cloud/kms`. The application makes it and closes it. */
  readonly client: GoogleKmsClient;
  /**
   * Resource names `projects/…/locations/…/keyRings/…/cryptoKeys/…` of symmetric keys (purpose `ENCRYPT_DECRYPT`),
   * without a version: Cloud KMS rotates inside the key, and a ciphertext says which version made it.
   */
  readonly keys: KeyUris;
}

const naming: KeyNaming = {
  isUri: (uri) =>
    /^projects\/[\w.:-]{1,100}\/locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/.test(uri),
  form: 'projects/…/locations/…/keyRings/…/cryptoKeys/…',
};

/** A wrapped data key has about 113 bytes, and more where the key is in an external key manager. */
const MAX_BLOB_BYTES = 512;
const NO_BYTES = new Uint8Array();
/** Retries would go on for ten minutes after nobody waits any more. */
const CALL: { timeout: number; retry: null } = { timeout: 10_000, retry: null };

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    client: z.custom<GoogleKmsClient>(isClient, 'must be a KeyManagementServiceClient of @google-cloud/kms'),
    keys: keyUrisSchema(z, naming),
  }),
);

/**
 * Tenants' keys in Google Cloud KMS. A data key is made here and encrypted there, with the tenant as additional
 * authenticated data. Checksums go along both ways: a data key that was damaged on its way would seal records that
 * nobody can open. Data keys take only `encrypt` and `decrypt`, which Cloud KMS refuses for asymmetric keys.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function googleKms(options: GoogleKmsOptions): KeyService {
  const { client, keys } = checkOptions('googleKms', optionsSchema, options);
  return new GoogleKms(client, new ConfiguredKeks(keys, naming));
}

class GoogleKms implements KeyService {
  readonly maxBlobBytes = MAX_BLOB_BYTES;
  readonly #client: GoogleKmsClient;
  readonly #keks: ConfiguredKeks;
  readonly #destruction: GoogleDestruction;

  constructor(client: GoogleKmsClient, keks: ConfiguredKeks) {
    this.#client = client;
    this.#keks = keks;
    this.#destruction = new GoogleDestruction(client, keks, CALL);
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#keks.ids(tenantId);
  }

  keyUri(tenantId: TenantId, kekId: Buffer): string {
    return this.#keks.uri(tenantId, kekId);
  }

  async generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Promise<GeneratedDataKey> {
    const name = this.#keks.uri(tenantId, kekId);
    const plaintext = randomBytes(KEY_BYTES);
    const request = { name, plaintext, plaintextCrc32c: { value: crc32c(plaintext) }, ...bindingOf(tenantId) };
    const answer = await this.#use('encrypt', tenantId, name, signal, () => this.#client.encrypt(request, CALL));
    const isWhatWasSent =
      answer.verifiedPlaintextCrc32c === true && answer.verifiedAdditionalAuthenticatedDataCrc32c === true;
    if (!isWhatWasSent) throw new KeyServiceFailure('away', 'damaged-on-its-way');
    return { plaintext, blob: received(answer.ciphertext, answer.ciphertextCrc32c) };
  }

  async unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    const name = this.#keks.uri(tenantId, kekId);
    if (blob.length === 0) throw new KeyServiceFailure('data-key-refused', 'empty');
    const request = { name, ciphertext: blob, ciphertextCrc32c: { value: crc32c(blob) }, ...bindingOf(tenantId) };
    const answer = await this.#use('decrypt', tenantId, name, signal, () => this.#client.decrypt(request, CALL));
    return received(answer.plaintext, answer.plaintextCrc32c);
  }

  destroyKek(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    return this.#destruction.destroy(tenantId, kekId, options, (call) => this.#call('destroy', signal, call));
  }

  async #use<T>(
    operation: 'encrypt' | 'decrypt',
    tenantId: TenantId,
    name: string,
    signal: AbortSignal,
    call: () => Promise<[T, ...unknown[]]>,
  ): Promise<T> {
    try {
      return await this.#call(operation, signal, call);
    } catch (failure) {
      const isNotUsable = failure instanceof KeyServiceFailure && failure.message === NOT_USABLE;
      if (isNotUsable && (await this.#isBeingDestroyed(tenantId, name, signal))) {
        throw new KeyServiceFailure('key-being-destroyed', 'DESTROY_SCHEDULED');
      }
      throw failure;
    }
  }

  /** What is wrong with a key that may not be used is in its versions: the error names no state but `DESTROYED`. */
  async #isBeingDestroyed(tenantId: TenantId, name: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#destruction.isUnderWay(tenantId, name, (call) => this.#call('destroy', signal, call));
    } catch {
      // Without the right to list them, or a client that can, it is refused.
      return false;
    }
  }

  async #call<T>(operation: GoogleOperation, signal: AbortSignal, call: () => Promise<[T, ...unknown[]]>): Promise<T> {
    const [answer] = await answerOf(operation, signal, async () => {
      // A call of a client that cannot load its credentials also leaves a rejection that nobody can handle.
      await this.#client.initialize();
      return call();
    });
    return answer;
  }
}

function bindingOf(
  tenantId: TenantId,
): Pick<GoogleEncryptRequest, 'additionalAuthenticatedData' | 'additionalAuthenticatedDataCrc32c'> {
  const context = tenantContext(tenantId);
  return { additionalAuthenticatedData: context, additionalAuthenticatedDataCrc32c: { value: crc32c(context) } };
}

function received(
  bytes: Uint8Array | string | null | undefined,
  checksum: GoogleChecksum | null | undefined,
): Uint8Array {
  if (!(bytes instanceof Uint8Array)) return NO_BYTES;
  // A 64-bit integer: it comes as a number, a text or an object, as the client is set up.
  if (String(checksum?.value) === String(crc32c(bytes))) return bytes;
  throw new KeyServiceFailure('away', 'damaged-on-its-way');
}

/** The client takes no signal, so a call goes on behind one that is given up; its time-out ends it. */
function answerOf<T>(operation: GoogleOperation, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const answer = (): Promise<T> =>
    call().catch((error: unknown) => {
      throw failureOf(error, operation);
    });
  return unlessAborted(signal, answer, () => new KeyServiceFailure('away', 'aborted'));
}

function isClient(value: unknown): value is GoogleKmsClient {
  if (typeof value !== 'object' || value === null) return false;
  const { initialize, encrypt, decrypt } = value as Partial<GoogleKmsClient>;
  return [initialize, encrypt, decrypt].every((method) => typeof method === 'function');
}
