// Against the vectors of the DSSE specification: testvectors/vectors.json and protocol.md of
// https://github.com/secure-systems-lab/dsse, whose keys are those of RFC 8032, section 7.1, TEST 1 and TEST 2.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isTenantryError } from '../../../src/core/errors.js';
import { keyIdOf } from '../../../src/erasure/certificate-keys.js';
import { openEnvelope, preAuthEncoding, signEnvelope } from '../../../src/erasure/dsse.js';

const [keyA, keyB] = [
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
].map(privateKey) as [KeyObject, KeyObject];

const IN_TOTO = 'application/vnd.in-toto+json';
const PAYLOAD = 'eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==';
const SIG = '2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==';
const SIG_B = 'c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw==';

const accepted = [
  {
    id: 'single-signature',
    payloadType: IN_TOTO,
    payload: PAYLOAD,
    sig: SIG,
    pae: '445353457631203238206170706c69636174696f6e2f766e642e696e2d746f746f2b6a736f6e203433207b225f74797065223a2268747470733a2f2f696e2d746f746f2e696f2f53746174656d656e742f7631227d',
  },
  {
    id: 'url-safe-base64',
    payloadType: IN_TOTO,
    payload: '-_-_Pj8=',
    sig: 'P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw==',
    pae: '445353457631203238206170706c69636174696f6e2f766e642e696e2d746f746f2b6a736f6e203520fbffbf3e3f',
  },
  {
    id: 'non-ascii-payload-type',
    payloadType: 'application/vnd.exämple+json',
    payload: PAYLOAD,
    sig: 'xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw==',
    pae: '445353457631203239206170706c69636174696f6e2f766e642e6578c3a46d706c652b6a736f6e203433207b225f74797065223a2268747470733a2f2f696e2d746f746f2e696f2f53746174656d656e742f7631227d',
  },
  {
    id: 'empty-payload',
    payloadType: IN_TOTO,
    payload: '',
    sig: 'gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==',
    pae: '445353457631203238206170706c69636174696f6e2f766e642e696e2d746f746f2b6a736f6e203020',
  },
];

/** A PKCS #8 key of a seed (RFC 8410). */
function privateKey(seed: string): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function envelope(payloadType: string, payload: string, ...signatures: [KeyObject, string][]): object {
  // The vectors' own key ids, "A" and "B", are hints that nobody signs.
  return { payload, payloadType, signatures: signatures.map(([key, sig]) => ({ keyid: keyIdOf(key), sig })) };
}

function reasonOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return isTenantryError(error, 'CERTIFICATE_INVALID') ? error.reason : String(error);
  }
  return 'accepted';
}

describe('an envelope of DSSE', () => {
  it('has the pre-authentication encoding of the specification', () => {
    const pae = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(pae.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  it.each(accepted)('accepts the published vector $id, and signs it the same', ({ payloadType, payload, sig, pae }) => {
    const body = Buffer.from(payload, 'base64');
    expect(preAuthEncoding(payloadType, body).toString('hex')).toBe(pae);
    const opened = openEnvelope(envelope(payloadType, payload, [keyA, sig]), payloadType, createPublicKey(keyA));
    expect(opened).toEqual(body);
    const signed = signEnvelope(payloadType, body, keyA);
    expect(Buffer.from(signed.signatures[0]!.sig, 'base64')).toEqual(Buffer.from(sig, 'base64'));
  });

  it.each<[string, object, string, string]>([
    [
      'payload-type-swapped',
      envelope('application/vnd.example.other+json', PAYLOAD, [keyA, SIG]),
      'application/vnd.example.other+json',
      'signature',
    ],
    ['payload type that is not wanted', envelope(IN_TOTO, PAYLOAD, [keyA, SIG]), 'text/plain', 'payload-type'],
    ['empty-payload-type', envelope('', PAYLOAD, [keyA, SIG]), IN_TOTO, 'payload-type'],
    ['two good signatures', envelope(IN_TOTO, PAYLOAD, [keyA, SIG], [keyB, SIG_B]), IN_TOTO, 'signatures'],
    ['one signature twice', envelope(IN_TOTO, PAYLOAD, [keyA, SIG], [keyA, SIG]), IN_TOTO, 'signatures'],
    ['no signature', envelope(IN_TOTO, PAYLOAD), IN_TOTO, 'signatures'],
    ["another key's", envelope(IN_TOTO, PAYLOAD, [keyB, SIG_B]), IN_TOTO, 'other-key'],
    ["another key's under this key's id", envelope(IN_TOTO, PAYLOAD, [keyA, SIG_B]), IN_TOTO, 'signature'],
    ['a short signature', envelope(IN_TOTO, PAYLOAD, [keyA, SIG.slice(0, 84)]), IN_TOTO, 'signature'],
    ['no padding', envelope(IN_TOTO, PAYLOAD.slice(0, -2), [keyA, SIG]), IN_TOTO, 'malformed'],
    ['bits beside the payload', envelope(IN_TOTO, `${PAYLOAD.slice(0, -3)}R==`, [keyA, SIG]), IN_TOTO, 'malformed'],
    ['two alphabets', envelope(IN_TOTO, PAYLOAD, [keyA, SIG.replace('+', '-')]), IN_TOTO, 'malformed'],
    ['white space', envelope(IN_TOTO, `${PAYLOAD}\n`, [keyA, SIG]), IN_TOTO, 'malformed'],
    ['an unknown field', { ...envelope(IN_TOTO, PAYLOAD, [keyA, SIG]), note: '' }, IN_TOTO, 'malformed'],
    [
      'an unknown field of a signature',
      { payload: PAYLOAD, payloadType: IN_TOTO, signatures: [{ keyid: keyIdOf(keyA), sig: SIG, cert: '' }] },
      IN_TOTO,
      'malformed',
    ],
    ['no key id', { payload: PAYLOAD, payloadType: IN_TOTO, signatures: [{ sig: SIG }] }, IN_TOTO, 'malformed'],
  ])('refuses %s', (_what, given, payloadType, reason) => {
    expect(reasonOf(() => openEnvelope(given, payloadType, createPublicKey(keyA)))).toBe(reason);
  });
});
