import { sign, verify, type KeyObject } from 'node:crypto';
import { tenantryError, type TenantryErrorOf } from '../core/errors.js';
import { keyIdOf } from './certificate-keys.js';

/** A signed document: an envelope of DSSE, version 1 (https://github.com/secure-systems-lab/dsse). */
export interface DsseEnvelope {
  /** The signed bytes in base64. */
  readonly payload: string;
  /** What they are. */
  readonly payloadType: string;
  readonly signatures: readonly DsseSignature[];
}

/** One signature of an envelope. */
export interface DsseSignature {
  /** SHA-256 of the public key's SubjectPublicKeyInfo, in hex. It names the key and proves nothing. */
  readonly keyid: string;
  /** In base64. */
  readonly sig: string;
}

const SIGNATURE_BYTES = 64;

/** PAE: what is signed in place of the payload, so that its type is signed with it. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Signs with an Ed25519 key. */
export function signEnvelope(payloadType: string, payload: Buffer, signingKey: KeyObject): DsseEnvelope {
  const sig = sign(null, preAuthEncoding(payloadType, payload), signingKey).toString('base64');
  return { payload: payload.toString('base64'), payloadType, signatures: [{ keyid: keyIdOf(signingKey), sig }] };
}

/**
 * The payload of an envelope with exactly one signature, by this key and over this type. Nothing of it is looked at
 * before.
 *
 * @throws TenantryError `CERTIFICATE_INVALID`
 */
export function openEnvelope(envelope: unknown, payloadType: string, publicKey: KeyObject): Buffer {
  const { payload, payloadType: ownType, signatures } = fieldsOf(envelope, ['payload', 'payloadType', 'signatures']);
  if (ownType !== payloadType) throw invalid('payload-type', `it is not of type ${payloadType}`);
  if (!Array.isArray(signatures) || signatures.length !== 1) {
    throw invalid('signatures', 'it must have exactly one signature');
  }
  const { keyid, sig } = fieldsOf(signatures[0], ['keyid', 'sig']);
  const body = decoded(payload, 'the payload');
  const signature = decoded(sig, 'the signature');
  if (keyid !== keyIdOf(publicKey)) throw invalid('other-key', 'it names another key than the one that is given');
  const isSigned =
    signature.length === SIGNATURE_BYTES && verify(null, preAuthEncoding(payloadType, body), publicKey, signature);
  if (!isSigned) throw invalid('signature', 'it was altered, or was not signed with the key that is given');
  return body;
}

/** An error that says what is wrong with a certificate, and nothing of what is in it. */
export function invalid(
  reason: TenantryErrorOf<'CERTIFICATE_INVALID'>['reason'],
  what: string,
): TenantryErrorOf<'CERTIFICATE_INVALID'> {
  return tenantryError('CERTIFICATE_INVALID', `the certificate is not valid: ${what}`, { reason });
}

/** The fields of an object that has these and no other. */
function fieldsOf<N extends string>(value: unknown, names: readonly N[]): Record<N, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('malformed', 'it is not a DSSE envelope');
  }
  const own = Object.keys(value);
  if (own.length !== names.length || !names.every((name) => own.includes(name))) {
    throw invalid('malformed', `it must have ${names.join(', ')} and nothing else`);
  }
  return value as Record<N, unknown>;
}

/** DSSE takes both alphabets of RFC 4648; one of the two at a time, with its padding, and no bits beside. */
function decoded(text: unknown, what: string): Buffer {
  if (typeof text !== 'string') throw invalid('malformed', `${what} is not in base64`);
  const bytes = Buffer.from(text, 'base64');
  const standard = bytes.toString('base64');
  if (text === standard || text === standard.replaceAll('+', '-').replaceAll('/', '_')) return bytes;
  throw invalid('malformed', `${what} is not in base64`);
}
