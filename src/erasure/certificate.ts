import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isTenantryError } from '../core/errors.js';
import { decodeUtf8 } from '../core/utf8.js';
import { publicKeyOf, type CertificateKey } from './certificate-keys.js';
import { invalid, openEnvelope, signEnvelope, type DsseEnvelope } from './dsse.js';
import { statementSchema, type ErasureStatement } from './statement.js';

/** A certificate of erasure: an envelope of DSSE around a statement, signed with Ed25519. Its form in a file is JSON. */
export type ErasureCertificate = DsseEnvelope;

/** Options of `verifyErasureCertificate`. */
export interface VerifyCertificateOptions {
  /** The issuer's public key, from where you trust it: never from beside the certificate. */
  readonly publicKey: CertificateKey;
}

const PAYLOAD_TYPE = 'application/vnd.tenantry.erasure+json';
/** A statement about a thousand topics of a thousand partitions is shorter. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/**
 * Verifies a certificate of erasure, strictly: one signature, by the key that is given, over a statement of a version
 * that is known and without a field that is not.
 *
 * @param certificate - as `eraseTenant` gave it, or its JSON
 * @returns what it says
 * @throws TenantryError `CERTIFICATE_INVALID`, whose `reason` says in what way, or `INVALID_OPTIONS` where `publicKey`
 * is no Ed25519 public key
 */
export function verifyErasureCertificate(
  certificate: ErasureCertificate | string,
  options: VerifyCertificateOptions,
): ErasureStatement {
  const publicKey = publicKeyOf(
    (options as Partial<VerifyCertificateOptions> | undefined)?.publicKey,
    'verifyErasureCertificate',
    'publicKey',
  );
  return verified(certificate, publicKey).statement;
}

function verified(
  certificate: unknown,
  publicKey: KeyObject,
): { readonly statement: ErasureStatement; readonly payload: Buffer } {
  try {
    const envelope = typeof certificate === 'string' ? parsed(certificate) : certificate;
    const payload = openEnvelope(envelope, PAYLOAD_TYPE, publicKey);
    return { statement: statementIn(payload), payload };
  } catch (error) {
    if (isTenantryError(error)) throw error;
    // An object that is not plain data.
    throw invalid('malformed', 'it cannot be read');
  }
}

/** Issues a certificate. */
export function issueCertificate(statement: ErasureStatement, signingKey: KeyObject): ErasureCertificate {
  const payload = Buffer.from(JSON.stringify(statementSchema().parse(statement)));
  return signEnvelope(PAYLOAD_TYPE, payload, signingKey);
}

/** A certificate of the same issuer from before, and the hash by which a later one refers to it. */
export function earlierCertificate(
  certificate: unknown,
  signingKey: KeyObject,
): { readonly statement: ErasureStatement; readonly sha256: string } {
  const { statement, payload } = verified(certificate, createPublicKey(signingKey));
  return { statement, sha256: createHash('sha256').update(payload).digest('hex') };
}

function parsed(text: string): unknown {
  if (text.length > MAX_CHARACTERS) throw invalid('malformed', 'it is too long');
  try {
    return JSON.parse(text);
  } catch {
    // The parser quotes what it read.
    throw invalid('malformed', 'it is not JSON');
  }
}

function statementIn(payload: Buffer): ErasureStatement {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(payload) ?? '');
  } catch {
    throw invalid('statement', 'what is signed is not JSON');
  }
  const checked = statementSchema().safeParse(value);
  if (checked.success) return checked.data;
  throw invalid('statement', 'what is signed is not a statement of erasure of a version that is known here');
}
