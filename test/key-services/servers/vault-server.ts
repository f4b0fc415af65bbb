// A transit engine that answers as a Vault 1.21 was seen to answer, with its traps: a key that is not derived ignores
// the context, and nobody is told.
import { hkdfSync, randomBytes } from 'node:crypto';
import { openWith, sealWith } from './gcm.js';
import { JsonServer, type JsonAnswer, type JsonRequest } from './json-server.js';

export interface TransitKey {
  readonly type: string;
  readonly derived: boolean;
  readonly convergent_encryption: boolean;
  readonly versions: Buffer[];
  minDecryptionVersion: number;
  deletionAllowed: boolean;
}

export const VAULT_TOKEN = 'hvs.a-token-of-the-tests';

export class VaultServer {
  readonly keys = new Map<string, TransitKey>();
  /** Paths below `/v1/` that the token may not use. */
  readonly forbidden = new Set<string>();
  readonly http = new JsonServer((request) => this.#answer(request));

  addKey(name: string, settings: Partial<TransitKey> = {}): TransitKey {
    const key: TransitKey = {
      type: 'aes256-gcm96',
      derived: true,
      convergent_encryption: false,
      versions: [randomBytes(32)],
      minDecryptionVersion: 1,
      deletionAllowed: false,
      ...settings,
    };
    this.keys.set(name, key);
    return key;
  }

  #answer({ method, path, headers, body }: JsonRequest): JsonAnswer {
    const place = path.replace(/^\/v1\//, '');
    if (headers['x-vault-token'] !== VAULT_TOKEN || this.forbidden.has(place)) return refused(403, 'permission denied');
    const [, operation = '', name = '', config] =
      /^transit\/(keys|datakey\/plaintext|decrypt)\/([\w.-]+)(\/config)?$/.exec(place) ?? [];
    const key = this.keys.get(name);
    if (operation === '') return refused(404, `no handler for route "${place}". route entry not found.`);
    if (operation === 'keys' && method === 'GET')
      return key === undefined ? { status: 404, body: { errors: [] } } : settingsOf(name, key);
    if (operation === 'keys' && config !== undefined && method === 'POST') return this.#configure(name, body);
    if (operation === 'keys' && config === undefined && method === 'DELETE') return this.#delete(name);
    if (key === undefined) return refused(400, 'encryption key not found');
    if (key.derived && body['context'] === undefined) {
      return refused(
        400,
        "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key",
      );
    }
    return operation === 'decrypt' ? decrypt(key, body) : dataKey(key, body);
  }

  // Deletion, as developer.hashicorp.com/vault/api-docs/secret/transit describes it ("Update key configuration",
  // "Delete key"): a key is deleted at once, and only where its configuration allows that.

  #configure(name: string, body: JsonRequest['body']): JsonAnswer {
    const key = this.keys.get(name);
    if (key === undefined) return refused(400, `no existing key named ${name} could be found`);
    key.deletionAllowed = body['deletion_allowed'] === true;
    return settingsOf(name, key);
  }

  #delete(name: string): JsonAnswer {
    const key = this.keys.get(name);
    if (key === undefined) return refused(400, `error deleting policy ${name}: could not delete key; not found`);
    if (!key.deletionAllowed) {
      return refused(400, `error deleting policy ${name}: deletion is not allowed for this key`);
    }
    this.keys.delete(name);
    return { status: 204 };
  }
}

function dataKey(key: TransitKey, body: JsonRequest['body']): JsonAnswer {
  const plaintext = randomBytes(32);
  const version = key.versions.length;
  const { nonce, ciphertext, tag } = sealWith(usedKey(key, version, body), plaintext, Buffer.alloc(0));
  const text = Buffer.concat([nonce, ciphertext, tag]).toString('base64');
  return {
    status: 200,
    body: {
      data: { ciphertext: `vault:v${version}:${text}`, key_version: version, plaintext: plaintext.toString('base64') },
    },
  };
}

function decrypt(key: TransitKey, body: JsonRequest['body']): JsonAnswer {
  const [, version = '', text = ''] = /^vault:v(\d+):(.*)$/.exec(String(body['ciphertext'])) ?? [];
  if (version === '') return refused(400, 'invalid ciphertext: no prefix');
  if (Number(version) > key.versions.length) return refused(400, 'invalid ciphertext: version is too new');
  if (Number(version) < key.minDecryptionVersion) {
    return refused(400, 'ciphertext or signature version is disallowed by policy (too old)');
  }
  const bytes = Buffer.from(text, 'base64');
  const sealed = { nonce: bytes.subarray(0, 12), ciphertext: bytes.subarray(12, -16), tag: bytes.subarray(-16) };
  const plaintext = openWith(usedKey(key, Number(version), body), sealed, Buffer.alloc(0));
  if (plaintext === undefined) return refused(400, 'cipher: message authentication failed');
  return { status: 200, body: { data: { plaintext: plaintext.toString('base64') } } };
}

function usedKey(key: TransitKey, version: number, body: JsonRequest['body']): Buffer {
  const base = key.versions[version - 1] ?? Buffer.alloc(32);
  if (!key.derived) return base;
  return Buffer.from(hkdfSync('sha256', base, '', Buffer.from(String(body['context']), 'base64'), 32));
}

function settingsOf(name: string, key: TransitKey): JsonAnswer {
  const { type, derived, convergent_encryption } = key;
  return {
    status: 200,
    body: {
      data: {
        name,
        type,
        derived,
        ...(derived && { kdf: 'hkdf_sha256', convergent_encryption }),
        latest_version: key.versions.length,
        exportable: false,
        allow_plaintext_backup: false,
        deletion_allowed: key.deletionAllowed,
      },
    },
  };
}

function refused(status: number, error: string): JsonAnswer {
  return { status, body: { errors: [error] } };
}
