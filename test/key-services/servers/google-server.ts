// The methods encrypt and decrypt of Cloud KMS's REST API, v1, and those that list and destroy the versions of a key, as
// its reference describes them (cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys).
import { randomBytes } from 'node:crypto';
import { crc32c } from '../../../src/integrations/google-kms/crc32c.js';
import { openWith, sealWith } from './gcm.js';
import { JsonServer, type JsonAnswer, type JsonRequest } from './json-server.js';

export interface CryptoKey {
  readonly key: Buffer;
  purpose: 'ENCRYPT_DECRYPT' | 'ASYMMETRIC_DECRYPT';
  /** Of its primary version, the last. */
  state: VersionState;
  /** Of the versions before. */
  readonly olderStates: VersionState[];
}

type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROYED' | 'DESTROY_SCHEDULED' | 'PENDING_GENERATION';

/** When a version that is scheduled now is destroyed. */
export const DESTROY_TIME = '2026-04-15T10:00:00Z';

const HEADER = Buffer.from('0a2400', 'hex');

export class GoogleServer {
  readonly keys = new Map<string, CryptoKey>();
  readonly forbidden = new Set<string>();
  /** Damages what is received or sent, as a bad network card would. */
  damage: 'none' | 'received' | 'sent' = 'none';
  readonly http = new JsonServer((request) => this.#answer(request));

  addKey(name: string, settings: Partial<CryptoKey> = {}): CryptoKey {
    const key: CryptoKey = {
      key: randomBytes(32),
      purpose: 'ENCRYPT_DECRYPT',
      state: 'ENABLED',
      olderStates: [],
      ...settings,
    };
    this.keys.set(name, key);
    return key;
  }

  #answer({ method, path, body }: JsonRequest): JsonAnswer {
    const [, parent = '', version, destroys] =
      /^\/v1\/(.+)\/cryptoKeyVersions(?:\/(\d+)(:destroy)?)?$/.exec(path) ?? [];
    if (parent !== '') return this.#versions(parent, version, destroys !== undefined, method);
    const [, name = '', operation = ''] = /^\/v1\/(.+):(encrypt|decrypt)$/.exec(path) ?? [];
    const key = this.keys.get(name);
    if (this.forbidden.has(name)) return failed(403, 'PERMISSION_DENIED');
    if (key === undefined) return failed(404, 'NOT_FOUND');
    if (key.purpose !== 'ENCRYPT_DECRYPT') return failed(400, 'FAILED_PRECONDITION');
    if (key.state === 'DESTROYED') return failed(400, 'FAILED_PRECONDITION', violation(name, 'KEY_DESTROYED'));
    if (key.state !== 'ENABLED') return failed(400, 'FAILED_PRECONDITION', violation(name, 'KEY_NOT_ENABLED'));
    return operation === 'encrypt' ? this.#encrypt(name, key, body) : this.#decrypt(key, body);
  }

  #versions(name: string, version: string | undefined, destroys: boolean, method: string): JsonAnswer {
    const key = this.keys.get(name);
    if (this.forbidden.has(`${name}/cryptoKeyVersions`)) return failed(403, 'PERMISSION_DENIED');
    if (key === undefined) return failed(404, 'NOT_FOUND');
    const states = [...key.olderStates, key.state];
    if (version === undefined) {
      const cryptoKeyVersions = states.map((state, index) => versionOf(name, index + 1, state));
      return { status: 200, body: { cryptoKeyVersions, totalSize: states.length } };
    }
    const index = Number(version) - 1;
    const state = states[index];
    if (state === undefined || !destroys || method !== 'POST') return failed(404, 'NOT_FOUND');
    if (state !== 'ENABLED' && state !== 'DISABLED') return failed(400, 'FAILED_PRECONDITION');
    if (index === key.olderStates.length) key.state = 'DESTROY_SCHEDULED';
    else key.olderStates[index] = 'DESTROY_SCHEDULED';
    return { status: 200, body: versionOf(name, index + 1, 'DESTROY_SCHEDULED') };
  }

  #encrypt(name: string, { key }: CryptoKey, body: JsonRequest['body']): JsonAnswer {
    const [plaintext, aad] = [this.#received(body['plaintext']), bytesOf(body['additionalAuthenticatedData'])];
    const { nonce, ciphertext, tag } = sealWith(key, plaintext, aad);
    const blob = Buffer.concat([HEADER, nonce, ciphertext, tag]);
    return {
      status: 200,
      body: {
        name: `${name}/cryptoKeyVersions/1`,
        ciphertext: this.#sent(blob).toString('base64'),
        ciphertextCrc32c: String(crc32c(blob)),
        verifiedPlaintextCrc32c: String(crc32c(plaintext)) === body['plaintextCrc32c'],
        verifiedAdditionalAuthenticatedDataCrc32c: String(crc32c(aad)) === body['additionalAuthenticatedDataCrc32c'],
        protectionLevel: 1,
      },
    };
  }

  #decrypt({ key }: CryptoKey, body: JsonRequest['body']): JsonAnswer {
    const blob = this.#received(body['ciphertext']);
    if (String(crc32c(blob)) !== body['ciphertextCrc32c']) return failed(400, 'INVALID_ARGUMENT');
    const sealed = { nonce: blob.subarray(3, 15), ciphertext: blob.subarray(15, -16), tag: blob.subarray(-16) };
    const isOurs = blob.length > HEADER.length + 28 && blob.subarray(0, 3).equals(HEADER);
    const plaintext = isOurs ? openWith(key, sealed, bytesOf(body['additionalAuthenticatedData'])) : undefined;
    if (plaintext === undefined) return failed(400, 'INVALID_ARGUMENT');
    return {
      status: 200,
      body: {
        plaintext: this.#sent(plaintext).toString('base64'),
        plaintextCrc32c: String(crc32c(plaintext)),
        usedPrimary: true,
      },
    };
  }

  #received(text: unknown): Buffer {
    const bytes = bytesOf(text);
    if (this.damage === 'received') bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes;
  }

  #sent(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes);
    if (this.damage === 'sent') copy[0] = (copy[0] ?? 0) ^ 1;
    return copy;
  }
}

function versionOf(name: string, version: number, state: VersionState): object {
  return {
    name: `${name}/cryptoKeyVersions/${version}`,
    state,
    ...(state === 'DESTROY_SCHEDULED' && { destroyTime: DESTROY_TIME }),
  };
}

function bytesOf(text: unknown): Buffer {
  return Buffer.from(typeof text === 'string' ? text : '', 'base64');
}

function violation(subject: string, type: string): unknown[] {
  return [{ '@type': 'type.googleapis.com/google.rpc.PreconditionFailure', violations: [{ type, subject }] }];
}

function failed(code: number, status: string, details: unknown[] = []): JsonAnswer {
  return { status: code, body: { error: { code, status, message: `a text of the service: ${status}`, details } } };
}
