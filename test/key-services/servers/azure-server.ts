// The operations encrypt and decrypt of the Key Vault REST API for an oct-HSM key, with the challenge that comes first;
// and DeleteKey, GetDeletedKey and PurgeDeletedKey, as learn.microsoft.com/rest/api/keyvault/keys describes them.
import { randomBytes } from 'node:crypto';
import { openWith, sealWith } from './gcm.js';
import { JsonServer, type JsonAnswer, type JsonRequest } from './json-server.js';

export interface VaultKey {
  readonly key: Buffer;
  kty: 'oct-HSM' | 'RSA-HSM';
  enabled: boolean;
}

/** When a key that is deleted now is purged, in seconds. */
export const SCHEDULED_PURGE_S = 1_780_000_000;

export class AzureServer {
  readonly keys = new Map<string, VaultKey>();
  /** Names of keys that are deleted and not yet purged. */
  readonly deleted = new Set<string>();
  /** What the vault says of purging: `Recoverable` where it is protected against it. */
  recoveryLevel: 'Recoverable' | 'Recoverable+Purgeable' = 'Recoverable+Purgeable';
  /** Whether the token may read, delete and purge deleted keys. */
  mayDelete = true;
  readonly http = new JsonServer((request) => this.#answer(request));

  /** @returns the path of the key's id */
  addKey(name: string, settings: Partial<VaultKey> = {}): string {
    const path = `/keys/${name}/${randomBytes(16).toString('hex')}`;
    this.keys.set(path, { key: randomBytes(32), kty: 'oct-HSM', enabled: true, ...settings });
    return path;
  }

  #answer({ method, path, headers, body }: JsonRequest): JsonAnswer {
    if (headers.authorization !== 'Bearer a-token-of-the-tests') {
      const challenge = 'Bearer authorization="https://login.example/tenant", resource="https://managedhsm.azure.net"';
      return { status: 401, headers: { 'www-authenticate': challenge } };
    }
    const [, place, deletedName = ''] = /^\/(keys|deletedkeys)\/([^/]+)$/.exec(path) ?? [];
    if (place !== undefined && this.mayDelete) return this.#deletion(method, place === 'deletedkeys', deletedName);
    // The policy of the docs gives no right to read keys.
    if (method === 'GET') return failed(403, 'Forbidden');
    const [, id = '', operation = ''] = /^(\/keys\/[^/]+\/[^/]+)\/(encrypt|decrypt)$/.exec(path) ?? [];
    const key = this.keys.get(id);
    if (key === undefined) return failed(404, 'KeyNotFound');
    if (!key.enabled) return failed(403, 'Forbidden');
    if (key.kty !== 'oct-HSM' || body['alg'] !== 'A256GCM') return failed(400, 'BadParameter');
    return operation === 'encrypt' ? encrypt(path, key, body) : decrypt(path, key, body);
  }

  #deletion(method: string, isDeleted: boolean, name: string): JsonAnswer {
    if (isDeleted) {
      if (!this.deleted.has(name)) return failed(404, 'KeyNotFound');
      if (method !== 'DELETE') return this.#deletedKey(name);
      if (!this.recoveryLevel.includes('Purgeable')) return failed(403, 'Forbidden');
      this.deleted.delete(name);
      return { status: 204 };
    }
    const versions = [...this.keys.keys()].filter((id) => id.startsWith(`/keys/${name}/`));
    if (method !== 'DELETE') return failed(403, 'Forbidden');
    if (versions.length === 0) return failed(404, 'KeyNotFound');
    for (const id of versions) this.keys.delete(id);
    this.deleted.add(name);
    return this.#deletedKey(name);
  }

  #deletedKey(name: string): JsonAnswer {
    return {
      status: 200,
      body: {
        recoveryId: `${this.http.url}/deletedkeys/${name}`,
        deletedDate: SCHEDULED_PURGE_S - 90 * 86_400,
        scheduledPurgeDate: SCHEDULED_PURGE_S,
        key: { kid: `${this.http.url}/keys/${name}/${'0'.repeat(32)}`, kty: 'oct-HSM' },
        attributes: { enabled: true, recoveryLevel: this.recoveryLevel, recoverableDays: 90 },
      },
    };
  }
}

function encrypt(path: string, { key }: VaultKey, body: JsonRequest['body']): JsonAnswer {
  if (body['iv'] !== undefined) return failed(400, 'BadParameter');
  const { nonce, ciphertext, tag } = sealWith(key, bytesOf(body['value']), bytesOf(body['aad']));
  return {
    status: 200,
    body: { kid: path, value: text(ciphertext), iv: text(nonce), tag: text(tag), aad: body['aad'] },
  };
}

function decrypt(path: string, { key }: VaultKey, body: JsonRequest['body']): JsonAnswer {
  const sealed = { nonce: bytesOf(body['iv']), ciphertext: bytesOf(body['value']), tag: bytesOf(body['tag']) };
  const plaintext = openWith(key, sealed, bytesOf(body['aad']));
  return plaintext === undefined
    ? failed(400, 'BadParameter')
    : { status: 200, body: { kid: path, value: text(plaintext) } };
}

function text(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64url');
}

function failed(status: number, code: string): JsonAnswer {
  return { status, body: { error: { code, message: `a text of the service: ${code}` } } };
}
