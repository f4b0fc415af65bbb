import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyErasureCertificate, type ErasureStatement } from '../../../src/index.js';
import { isTenantryError } from '../../../src/core/errors.js';
import { earlierCertificate, issueCertificate } from '../../../src/erasure/certificate.js';
import { signEnvelope } from '../../../src/erasure/dsse.js';
import { issuer, PUBLIC_PEM, statement, stranger } from './statements.js';

const TYPE = 'application/vnd.tenantry.erasure+json';
const { publicKey } = issuer;
const certificate = issueCertificate(statement(), issuer.privateKey);
const text = JSON.stringify(certificate);

/** What verifying comes to: the statement, or the error's reason; anything untyped fails the test. */
function outcome(given: unknown, ...keys: unknown[]): ErasureStatement | string {
  const [key] = keys.length === 0 ? [publicKey] : keys;
  try {
    return verifyErasureCertificate(given as string, { publicKey: key as KeyObject });
  } catch (error) {
    if (isTenantryError(error, 'CERTIFICATE_INVALID')) {
      expect(error.cause).toBeUndefined();
      return error.reason;
    }
    if (isTenantryError(error, 'INVALID_OPTIONS')) return 'INVALID_OPTIONS';
    throw error;
  }
}

/** Signed by the issuer, whatever it says. */
function signed(payload: unknown): unknown {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  return signEnvelope(TYPE, bytes, issuer.privateKey);
}

describe('a certificate of erasure', () => {
  it.each([
    ['an object', certificate],
    ['JSON', text],
    ['JSON that somebody formatted', JSON.stringify(certificate, undefined, 2)],
  ])('verifies as %s, under a key in PEM or as an object', (_form, given) => {
    expect(outcome(given)).toEqual(statement());
    expect(outcome(given, PUBLIC_PEM)).toEqual(statement());
  });

  it('is signed as the specification of DSSE wants it, with the hash of the public key as its id', () => {
    expect(certificate.payloadType).toBe(TYPE);
    expect(certificate.signatures).toHaveLength(1);
    expect(certificate.signatures[0]?.keyid).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(Buffer.from(certificate.payload, 'base64').toString())).toEqual(statement());
  });

  it('never verifies with a byte flipped, and every failure is typed', () => {
    const bytes = Buffer.from(text);
    for (const place of bytes.keys()) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[place] = bytes[place]! ^ (1 << bit);
        expect(typeof outcome(flipped.toString('latin1'))).toBe('string');
      }
    }
  });

  it('verifies to the same or not at all, whatever is cut, put in or written over', () => {
    const mutated = fc
      .array(
        fc.record({
          at: fc.nat(text.length),
          remove: fc.nat(40),
          insert: fc.string({ unit: 'binary', maxLength: 20 }),
        }),
        { minLength: 1, maxLength: 4 },
      )
      .map((changes) =>
        changes.reduce((made, { at, remove, insert }) => made.slice(0, at) + insert + made.slice(at + remove), text),
      );
    fc.assert(
      fc.property(mutated, (made) => {
        const result = outcome(made);
        if (typeof result !== 'string') expect(result).toEqual(statement());
      }),
      { numRuns: 5_000 },
    );
  });

  it('never verifies with another statement under its signature', () => {
    fc.assert(
      fc.property(fc.record({ tenant: fc.stringMatching(/^[a-z]{1,8}$/), state: fc.constant('destroyed') }), (lie) => {
        const payload = Buffer.from(JSON.stringify({ ...statement(), ...lie })).toString('base64');
        expect(outcome({ ...certificate, payload })).toBe('signature');
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'malformed'],
    ['null', null, 'malformed'],
    ['a number', 7, 'malformed'],
    ['a list', [certificate], 'malformed'],
    ['an empty text', '', 'malformed'],
    ['JSON of something else', '"text"', 'malformed'],
    ['JSON behind a byte order mark', `\ufeff${text}`, 'malformed'],
    [
      'an object whose fields throw',
      Object.defineProperty({ ...certificate }, 'payload', { enumerable: true, get: thrower }),
      'malformed',
    ],
    ['a proxy that throws', new Proxy({}, { ownKeys: thrower }), 'malformed'],
    ['the payload as bytes', { ...certificate, payload: Buffer.from(certificate.payload, 'base64') }, 'malformed'],
    ['another type', { ...certificate, payloadType: 'application/vnd.in-toto+json' }, 'payload-type'],
    [
      'two signatures',
      { ...certificate, signatures: [...certificate.signatures, ...certificate.signatures] },
      'signatures',
    ],
    ["a stranger's", issueCertificate(statement(), stranger.privateKey), 'other-key'],
    [
      "a stranger's that names the issuer",
      {
        ...certificate,
        signatures: [
          {
            keyid: certificate.signatures[0]!.keyid,
            sig: issueCertificate(statement(), stranger.privateKey).signatures[0]!.sig,
          },
        ],
      },
      'signature',
    ],
  ])('refuses %s', (_what, given, reason) => {
    expect(outcome(given)).toBe(reason);
  });

  it.each<[string, unknown]>([
    ['of version 2', { ...statement(), version: 2 }],
    ['with an unknown field', { ...statement(), note: '' }],
    ['with an unknown field of a key', { ...statement(), keys: [{ ...statement().keys[0], note: '' }] }],
    ['without keys', { ...statement(), keys: [] }],
    ['about no tenant', { ...statement(), tenant: 'a:b' }],
    ['that calls a scheduled key destroyed', { ...statement(), state: 'destroyed' }],
    [
      'with a text as an answer',
      { ...statement(), keys: [{ ...statement().keys[0], answer: { message: 'Not found.' } }] },
    ],
    ['that steers a terminal', { ...statement(), requestedBy: 'me\u001b[2J' }],
    ['that turns the direction of a line', { ...statement(), requestedBy: 'me\u202e' }],
    ['that is no object', 'erased'],
    ['that is not JSON', Buffer.from('{')],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['that is empty', Buffer.alloc(0)],
  ])('refuses a statement %s, although the issuer signed it', (_what, payload) => {
    expect(outcome(signed(payload))).toBe('statement');
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an RSA key', rsa.publicKey],
    ['a P-256 key in PEM', ec.publicKey.export({ type: 'spki', format: 'pem' })],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey],
    ['an Ed448 key', generateKeyPairSync('ed448').publicKey],
    ['the private key', issuer.privateKey],
    ['the private key in PEM', issuer.privateKey.export({ type: 'pkcs8', format: 'pem' })],
    ['PEM that is cut', PUBLIC_PEM.slice(0, 60)],
    ['PEM that is none', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['a path', 'issuer.pem'],
  ])('refuses %s as a public key', (_what, key) => {
    expect(outcome(certificate, key)).toBe('INVALID_OPTIONS');
    expect(outcome('not even a certificate', key)).toBe('INVALID_OPTIONS');
  });

  it('is referred to by the hash of what it says, whoever formats it', () => {
    const formatted = JSON.stringify(certificate, undefined, 2);
    const { sha256 } = earlierCertificate(certificate, issuer.privateKey);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(earlierCertificate(formatted, issuer.privateKey)).toEqual({ statement: statement(), sha256 });
    expect(() => earlierCertificate(certificate, stranger.privateKey)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_INVALID', reason: 'other-key' }),
    );
  });
});

function thrower(): never {
  throw new TypeError('a getter');
}
