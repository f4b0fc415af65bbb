import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { DestroyKekOptions, KekDestruction } from '../../encryption/key-destruction.js';
import { ConfiguredKeks, keyUrisSchema, type KeyNaming, type KeyUris } from '../../encryption/key-uris.js';
import {
  classifiedCall,
  KeyServiceFailure,
  type GeneratedDataKey,
  type KeyService,
} from '../../encryption/key-service.js';
import { AwsDestruction, isBeingDestroyed, type AwsDestroyingClient } from './aws-destruction.js';
import { failureOf, INVALID_STATE } from './aws-failures.js';

/** A call of GenerateDataKey. */
export interface AwsDataKeyRequest {
  KeyId: string;
  KeySpec: 'AES_256';
  EncryptionContext: Record<string, string>;
}

/** A call of Decrypt. */
export interface AwsDecryptRequest {
  KeyId: string;
  CiphertextBlob: Uint8Array;
  EncryptionAlgorithm: 'SYMMETRIC_DEFAULT';
  EncryptionContext: Record<string, string>;
}

/** What is needed of a client: a `KMS` of the package `@aws-sdk/client-kms`. */
export interface AwsKmsClient extends AwsDestroyingClient {
  /** GenerateDataKey: a new data key, plain and wrapped. */
  generateDataKey(
    request: AwsDataKeyRequest,
    options: { abortSignal: AbortSignal },
  ): Promise<{ Plaintext?: Uint8Array | undefined; CiphertextBlob?: Uint8Array | undefined }>;
  /** Decrypt: the data key that was wrapped. */
  decrypt(
    request: AwsDecryptRequest,
    options: { abortSignal: AbortSignal },
  ): Promise<{ Plaintext?: Uint8Array | undefined }>;
}

/** Options of `awsKms`. */
export interface AwsKmsOptions {
  /** A `KMS` of `@aws-sdk/client-kms`, of one account and region. The application makes it and its credentials. */
  readonly client: AwsKmsClient;
  /** Key ids, key ARNs, alias names (`alias/…`) or alias ARNs of symmetric keys. An alias must never be moved to another key. */
  readonly keys: KeyUris;
  /** How long AWS waits before it deletes a key that is destroyed, in days: 7 to 30. Default 30 */
  readonly deletionWaitDays?: number | undefined;
}

const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]{1,32}:\d{12}:(?:key\/[\w-]{1,64}|alias\/[\w/-]{1,250})$/;
const KEY_NAME = /^(?:alias\/[\w/-]{1,250}|(?:mrk-)?[0-9a-f-]{32,36})$/;

const naming: KeyNaming = {
  isUri: (uri) => KEY_NAME.test(uri) || KEY_ARN.test(uri),
  form: 'a key id, a key ARN, alias/…, or an alias ARN',
};

/** A wrapped data key has about 184 bytes, and more where the key is in an external key store. */
const MAX_BLOB_BYTES = 512;
const NO_BYTES = new Uint8Array();

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    client: z.custom<AwsKmsClient>(isClient, 'must be a KMS of @aws-sdk/client-kms (KMSClient has no methods to call)'),
    keys: keyUrisSchema(z, naming),
    deletionWaitDays: z.int().min(7).max(30).default(30),
  }),
);

/**
 * Tenants' keys in AWS KMS. Every call names the key that the configuration gives the tenant, and carries the
 * encryption context `{"tenantry-tenant": <tenant id>, "tenantry-format": "1"}`, which AWS authenticates, which
 * policies can demand and which CloudTrail shows.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function awsKms(options: AwsKmsOptions): KeyService {
  const { client, keys, deletionWaitDays } = checkOptions('awsKms', optionsSchema, options);
  const keks = new ConfiguredKeks(keys, naming);
  return new AwsKms(client, keks, new AwsDestruction(client, keks, deletionWaitDays));
}

class AwsKms implements KeyService {
  readonly maxBlobBytes = MAX_BLOB_BYTES;
  readonly #client: AwsKmsClient;
  readonly #keks: ConfiguredKeks;
  readonly #destruction: AwsDestruction;

  constructor(client: AwsKmsClient, keks: ConfiguredKeks, destruction: AwsDestruction) {
    this.#client = client;
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
    const request: AwsDataKeyRequest = {
      KeyId: this.#keks.uri(tenantId, kekId),
      KeySpec: 'AES_256',
      EncryptionContext: contextOf(tenantId),
    };
    const answer = await this.#call(request.KeyId, signal, () =>
      this.#client.generateDataKey(request, { abortSignal: signal }),
    );
    return { plaintext: answer.Plaintext ?? NO_BYTES, blob: answer.CiphertextBlob ?? NO_BYTES };
  }

  async unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Promise<Uint8Array> {
    const KeyId = this.#keks.uri(tenantId, kekId);
    // AWS calls no bytes an invalid request, which would look like a fault of the key.
    if (blob.length === 0) throw new KeyServiceFailure('data-key-refused', 'empty');
    const request: AwsDecryptRequest = {
      KeyId,
      CiphertextBlob: blob,
      // Named, so that no RSA key can ever serve: whoever has its public half could wrap data keys of their own.
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      EncryptionContext: contextOf(tenantId),
    };
    const answer = await this.#call(KeyId, signal, () => this.#client.decrypt(request, { abortSignal: signal }));
    return answer.Plaintext ?? NO_BYTES;
  }

  destroyKek(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    return this.#destruction.destroy(tenantId, kekId, options, signal);
  }

  async #call<T>(keyId: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await classifiedCall(call, failureOf);
    } catch (failure) {
      throw await this.#withState(failure, keyId, signal);
    }
  }

  /** A key in a wrong state waits for its deletion, or for its material: AWS tells which in its description only. */
  async #withState(failure: unknown, keyId: string, signal: AbortSignal): Promise<unknown> {
    const isState = failure instanceof KeyServiceFailure && failure.message === INVALID_STATE;
    if (!isState || this.#client.describeKey === undefined) return failure;
    try {
      const { KeyMetadata } = await this.#client.describeKey({ KeyId: keyId }, { abortSignal: signal });
      const state = KeyMetadata?.KeyState;
      return isBeingDestroyed(state) ? new KeyServiceFailure('key-being-destroyed', state ?? INVALID_STATE) : failure;
    } catch {
      // Without the right to describe it, it is refused, as it was.
      return failure;
    }
  }
}

function contextOf(tenantId: TenantId): Record<string, string> {
  return { 'tenantry-tenant': tenantId, 'tenantry-format': '1' };
}

function isClient(value: unknown): value is AwsKmsClient {
  if (typeof value !== 'object' || value === null) return false;
  const { generateDataKey, decrypt } = value as Partial<AwsKmsClient>;
  return typeof generateDataKey === 'function' && typeof decrypt === 'function';
}
