import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from './run.js';

const CONTRACTS = fileURLToPath(new URL('../../support/contracts.ts', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-erase-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('says before all else that a local keyring has no certificate', async () => {
  const [signingKey, keyFile, config, out] = ['issuer.key', 'keys.json', 'tenantry.config.json', 'acme.json'].map(
    (name) => join(folder, name),
  ) as [string, string, string, string];
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(signingKey, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  await run('keys', 'generate', 'acme', '--file', keyFile);
  writeFileSync(config, JSON.stringify({ brokers: ['127.0.0.1:1'], keyFile }));
  const asked = ['--signing-key', signingKey, '--requested-by', 'a ticket', '--out', out, '--contracts', CONTRACTS];
  const erased = await run('keys', 'erase', 'acme', ...asked, '--config', config, '--yes', '--confirm', 'acme');
  expect(erased.exitCode).toBe(1);
  expect(erased.note).toMatch(/^tenantry: KEY_INDESTRUCTIBLE: .*there is no certificate/);
  expect(existsSync(out)).toBe(false);
});
