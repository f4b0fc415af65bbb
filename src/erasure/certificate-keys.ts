import { createHash, createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { invalidOptions } from '../core/invalid-options.js';

/** An Ed25519 key: in PEM, or as Node.js holds it. */
export type CertificateKey = string | KeyObject;

const FORMS = {
  private: { label: 'PRIVATE KEY', form: 'an Ed25519 private key: a KeyObject, or PEM (PKCS #8) without a passphrase' },
  public: { label: 'PUBLIC KEY', form: 'an Ed25519 public key: a KeyObject, or PEM (SubjectPublicKeyInfo)' },
} as const;

/**
 * The key that signs certificates.
 *
 * @param path - the option that it was given in
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function signingKeyOf(key: unknown, what: string, path: string): KeyObject {
  return ed25519Key('private', key, what, path);
}

/**
 * The key that verifies certificates. A private key is not taken for its public half: it is in the wrong place then.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function publicKeyOf(key: unknown, what: string, path: string): KeyObject {
  return ed25519Key('public', key, what, path);
}

/** SHA-256 of the SubjectPublicKeyInfo, in hex; of a private key that of its public half. */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function ed25519Key(type: 'private' | 'public', key: unknown, what: string, path: string): KeyObject {
  const made = typeof key === 'string' ? parsed(type, key) : key;
  if (made instanceof KeyObject && made.type === type && made.asymmetricKeyType === 'ed25519') return made;
  throw invalidOptions(what, [{ path, message: `must be ${FORMS[type].form}` }]);
}

/** @returns undefined where it is none; what OpenSSL says of it may hold some of it */
function parsed(type: 'private' | 'public', pem: string): KeyObject | undefined {
  const { label } = FORMS[type];
  const text = pem.trim();
  if (!text.startsWith(`-----BEGIN ${label}-----`) || !text.endsWith(`-----END ${label}-----`)) return undefined;
  try {
    return type === 'private' ? createPrivateKey(text) : createPublicKey(text);
  } catch {
    return undefined;
  }
}
