import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyIdOf } from '../../../src/erasure/certificate-keys.js';
import { issueCertificate } from '../../../src/erasure/certificate.js';
import { issuer, PUBLIC_PEM, statement, stranger } from '../erasure/statements.js';
import { run, type Run } from './run.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const verify = (...args: string[]): Promise<Run> => run('keys', 'verify-certificate', ...args);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-certificate-'));
  const certificate = issueCertificate(
    statement({ earlier: { sha256: 'ab'.repeat(32), state: 'scheduled', issuedAt: '2026-01-01T00:00:00.000Z' } }),
    issuer.privateKey,
  );
  writeFileSync(at('acme.json'), JSON.stringify(certificate, undefined, 2));
  writeFileSync(at('altered.json'), JSON.stringify({ ...certificate, payload: certificate.payload.replace('e', 'f') }));
  writeFileSync(at('text.json'), 'acme was erased, trust me');
  writeFileSync(at('issuer.pem'), PUBLIC_PEM);
  writeFileSync(at('private.pem'), issuer.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(at('stranger.pem'), stranger.publicKey.export({ type: 'spki', format: 'pem' }));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function textOf(json: string): string {
  const { code, message } = JSON.parse(json) as { code: string; message: string };
  return `tenantry: ${code}: ${message}`;
}

describe('tenantry keys verify-certificate', () => {
  it('prints what the certificate says', async () => {
    const { exitCode, out, note } = await verify(at('acme.json'), '--key', at('issuer.pem'));
    expect([exitCode, note]).toEqual([0, '']);
    for (const text of [
      'tenant        acme',
      'scheduled: a key service still waits',
      'issued        2026-03-01T12:00:00.000Z by ops (tenantry 0.1.0)',
      'requested by  Data protection office, request 4711',
      `verified with key ${keyIdOf(issuer.publicKey)}`,
      `follows       the certificate of 2026-01-01T00:00:00.000Z, sha256 ${'ab'.repeat(32)}`,
      '0011223344556677  current  scheduled (due 2026-03-31T12:00:00.000Z)  arn:aws:kms',
      "the service's answer: KeyState=PendingDeletion, PendingWindowInDays=30, MultiRegion=false",
      'orders (events): 12 0 7',
      '_quarantine.orders: not there, or may not be described',
      '- record keys: tenant and aggregate ids',
      '- values of contracts that are not sealed: prices.set.v1',
    ])
      expect(out).toContain(text);
  });

  it('--json prints the statement', async () => {
    const { exitCode, out, note } = await verify(at('acme.json'), '--key', at('issuer.pem'), '--json');
    expect([exitCode, note]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      file: at('acme.json'),
      keyId: keyIdOf(issuer.publicKey),
      statement: statement(),
    });
  });

  it('--help tells the options and the exit codes', async () => {
    const { exitCode, out } = await verify('--help');
    expect(exitCode).toBe(0);
    for (const word of ['--key', '--json', 'Exit codes:']) expect(out).toContain(word);
  });

  it.each([
    ['altered.json', 'issuer.pem', 1, 'CERTIFICATE_INVALID: the certificate is not valid: it was altered'],
    ['acme.json', 'stranger.pem', 1, 'CERTIFICATE_INVALID: the certificate is not valid: it names another key'],
    ['text.json', 'issuer.pem', 1, 'CERTIFICATE_INVALID: the certificate is not valid: it is not JSON'],
    ['issuer.pem', 'issuer.pem', 1, 'CERTIFICATE_INVALID: the certificate is not valid: it is not JSON'],
    ['acme.json', 'private.pem', 2, 'INVALID_OPTIONS: --key: '],
    ['acme.json', 'acme.json', 2, 'INVALID_OPTIONS: --key: '],
    ['acme.json', 'none.pem', 2, 'INVALID_OPTIONS: --key: '],
    ['none.json', 'issuer.pem', 2, 'INVALID_OPTIONS: the certificate: '],
  ])('of %s with %s exits with %i', async (file, key, code, message) => {
    for (const more of [[], ['--json']]) {
      const { exitCode, out, note } = await verify(at(file), '--key', at(key), ...more);
      expect([exitCode, out]).toEqual([code, '']);
      expect(more.length === 0 ? note : textOf(note)).toContain(`tenantry: ${message}`);
      expect(note).not.toMatch(/\n\s+at |PRIVATE/);
    }
  });

  it.each([
    [[], 'the file of the certificate is missing'],
    [['a.json'], '--key is missing'],
    [['a.json', 'b.json', '--key', 'k.pem'], 'one file at a time'],
    [['a.json', '--pin', 'k.pem'], "Unknown option '--pin'"],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, out, note } = await verify(...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(note).toContain(message);
  });
});
