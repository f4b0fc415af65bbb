// The methods encrypt and decrypt of Cloud KMS's REST API, v1, as its reference describes them.
import { randomBytes } from 'node:crypto';
import { crc32c } from '../../../src/integrations/google-kms/crc32c.js';
import { openWith, sealWith } from './gcm.js';
import { JsonServer, type JsonAnswer, type JsonRequest } from './json-server.js';

export interface CryptoKey {
  readonly key: Buffer;
  purpose: 'ENCRYPT_DECRYPT' | 'ASYMMETRIC_DECRYPT';
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
}

const HEADER = Buffer.from('0a2400', 'hex');

export class GoogleServer {
  readonly keys = new Map<string, CryptoKey>();
  readonly forbidden = new Set<string>();
  /** Damages what is received or sent, as a bad network card would. */
  damage: 'none' | 'received' | 'sent' = 'none';
  readonly http = new JsonServer((request) => this.#answer(request));

  addKey(name: string, settings: Partial<CryptoKey> = {}): CryptoKey {
    const key: CryptoKey = { key: randomBytes(32), purpose: 'ENCRYPT_DECRYPT', state: 'ENABLED', ...settings };
    this.keys.set(name, key);
    return key;
  }

  #answer({ path, body }: JsonRequest): JsonAnswer {
    const [, name = '', operation = ''] = /^\/v1\/(.+):(encrypt|decrypt)$/.exec(path) ?? [];
    const key = this.keys.get(name);
    if (this.forbidden.has(name)) return failed(403, 'PERMISSION_DENIED');
    if (key === undefined) return failed(404, 'NOT_FOUND');
    if (key.purpose !== 'ENCRYPT_DECRYPT') return failed(400, 'FAILED_PRECONDITION');
    if (key.state !== 'ENABLED') return failed(400, 'FAILED_PRECONDITION', violation(name, `KEY_${key.state}`));
    return operation === 'encrypt' ? this.#encrypt(name, key, body) : this.#decrypt(key, body);
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

function bytesOf(text: unknown): Buffer {
  return Buffer.from(typeof text === 'string' ? text : '', 'base64');
}

function violation(subject: string, type: string): unknown[] {
  return [{ '@type': 'type.googleapis.com/google.rpc.PreconditionFailure', violations: [{ type, subject }] }];
}

function failed(code: number, status: string, details: unknown[] = []): JsonAnswer {
  return { status: code, body: { error: { code, status, message: `a text of the service: ${status}`, details } } };
}
