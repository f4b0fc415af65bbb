import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import type { KeyRing } from '../../../src/encryption/key-ring.js';
import { run, type Run } from './run.js';

const acme = parseTenantId('acme');
const globex = parseTenantId('globex');

const generate = (...args: string[]): Promise<Run> => run('keys', 'generate', ...args);

describe('tenantry keys generate', () => {
  it('prints keys as the keyring takes them', async () => {
    const { exitCode, out, note } = await generate('acme', 'globex');
    expect(exitCode).toBe(0);
    expect(note).toContain('secret');
    const ring = JSON.parse(out) as Record<string, string>;
    expect(Object.keys(ring)).toEqual(['acme', 'globex']);
    expect(Buffer.from(ring['acme']!, 'base64')).toHaveLength(32);
    expect(ring['acme']).not.toBe(ring['globex']);
    expect(localKeyring({ keys: ring }).kekIds(acme)).toHaveLength(1);
  });

  it('--json prints one line for the variable, and nothing else', async () => {
    const { exitCode, out, note } = await generate('acme', '--json');
    expect(exitCode).toBe(0);
    expect(note).toBe('');
    expect(out).toMatch(/^\{.*\}\n$/);
    vi.stubEnv('TENANTRY_KEYS', out);
    expect(localKeyring({ environment: true }).kekIds(acme)).toHaveLength(1);
  });

  it('--help tells the options and the exit codes', async () => {
    const { exitCode, out } = await generate('--help');
    expect(exitCode).toBe(0);
    for (const word of ['--file', '--rotate', '--json', 'Exit codes:']) expect(out).toContain(word);
  });

  it.each([
    [[], 'INVALID_OPTIONS: a tenant id is missing'],
    [['acme', '--fil', 'x'], "INVALID_OPTIONS: Unknown option '--fil'"],
    [['acme', '--file'], 'INVALID_OPTIONS: '],
    [['acme', '--file='], 'INVALID_OPTIONS: --file needs a path'],
    [['acme', '--rotate'], 'INVALID_OPTIONS: --rotate needs --file'],
    [['acme', 'acme'], 'INVALID_OPTIONS: tenant acme is given twice'],
    [['a:b'], 'INVALID_TENANT_ID: '],
    [[''], 'INVALID_TENANT_ID: '],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, out, note } = await generate(...args);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(note).toContain(`tenantry: ${message}`);
    expect(note).toContain('See tenantry keys generate --help');
    expect(note).not.toMatch(/\n\s+at /);
  });

  it('refuses ids that differ in case only', async () => {
    const { exitCode, note } = await generate('acme', 'Acme');
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_KEY_MATERIAL');
  });
});

describe('tenantry keys generate --file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-cli-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const content = (): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

  it('makes a file for its owner only, and prints no key', async () => {
    const { exitCode, out, note } = await generate('acme', 'globex', '--file', file);
    expect(exitCode).toBe(0);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const key of Object.values(content())) expect(out + note).not.toContain(key);
    const keyring = localKeyring({ keyFile: file });
    expect(out).toContain(`acme     added   key id ${keyring.kekIds(acme)[0]!.toString('hex')}`);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('adds to a file and leaves what is there', async () => {
    await generate('acme', '--file', file);
    const before = content();
    await generate('globex', '--file', file);
    expect(content()).toEqual({ ...before, globex: expect.any(String) });
  });

  it('never replaces a key without --rotate, and then adds none of the others either', async () => {
    await generate('acme', '--file', file);
    const before = readFileSync(file, 'utf8');
    const { exitCode, out, note } = await generate('globex', 'acme', '--file', file);
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect(note).toContain('INVALID_STATE: tenant acme has a key');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('--rotate keeps the old keys as previous ones, the newest first', async () => {
    await generate('acme', 'globex', '--file', file);
    const { acme: first, globex: other } = content();
    await generate('acme', '--file', file, '--rotate');
    const { acme: second } = content() as { acme: { current: string; previous: string[] } };
    expect(second).toEqual({ current: expect.any(String), previous: [first] });
    const { out } = await generate('acme', '--file', file, '--rotate', '--json');
    expect(content()).toEqual({
      acme: { current: expect.any(String), previous: [second.current, first] },
      globex: other,
    });
    const keyId = localKeyring({ keyFile: file }).kekIds(acme)[0]!.toString('hex');
    expect(JSON.parse(out)).toEqual({ file, keys: { acme: { action: 'rotated', keyId } } });
  });

  it('--rotate of a tenant that has no key is refused: it may be a slip', async () => {
    await generate('acme', '--file', file);
    const { exitCode, note } = await generate('acmee', '--file', file, '--rotate');
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_STATE: tenant acmee has no key');
    expect(Object.keys(content())).toEqual(['acme']);
  });

  it('adds a tenant with a name that every object has', async () => {
    await generate('constructor', '--file', file);
    expect(localKeyring({ keys: content() as KeyRing }).kekIds(parseTenantId('constructor'))).toHaveLength(1);
  });

  it.each([
    ['open to others', '{}', 0o644, 'open to its group or to others'],
    ['no JSON', '{"acme": "hunter2"', 0o600, 'is not JSON'],
    ['with a wrong key', '{"globex": "hunter2"}', 0o600, 'tenant globex: the key is a string of 7 characters'],
  ])('refuses and leaves a file that is %s', async (_, text, mode, message) => {
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    const { exitCode, note } = await generate('acme', '--file', file);
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_KEY_MATERIAL');
    expect(note).toContain(message);
    expect(note).not.toContain('hunter2');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('refuses a folder', async () => {
    expect((await generate('acme', '--file', folder)).note).toContain('is not a file');
    expect(existsSync(`${folder}.new`)).toBe(false);
  });

  it('says which folder is not there, or is none, and what to do', async () => {
    const missing = join(folder, 'no');
    await generate('acme', '--file', file);
    const cases = [
      { path: join(missing, 'keys.json'), reason: `there is no folder ${missing}; make it, or give another path` },
      { path: join(file, 'keys.json'), reason: `${file} is not a folder; give another path` },
    ];
    for (const { path, reason } of cases) {
      const { exitCode, out, note } = await generate('globex', '--file', path);
      expect([exitCode, out]).toEqual([1, '']);
      expect(note).toBe(`tenantry: INVALID_KEY_MATERIAL: the key file ${path} cannot be written: ${reason}\n`);
    }
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('refuses to run beside another run, of which the later would lose the keys of the earlier', async () => {
    await generate('acme', '--file', file);
    writeFileSync(`${file}.new`, '');
    const { exitCode, note } = await generate('globex', '--file', file);
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_STATE');
    expect(existsSync(`${file}.new`)).toBe(true);
    expect(Object.keys(content())).toEqual(['acme']);
  });

  it.skipIf(process.platform === 'win32')('follows a link and leaves it one', async () => {
    await generate('acme', '--file', file);
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    await generate('globex', '--file', link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(localKeyring({ keyFile: file }).kekIds(globex)).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')('refuses a link that leads nowhere, and leaves it one', async () => {
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    const { exitCode, note } = await generate('acme', '--file', link);
    expect(exitCode).toBe(1);
    expect(note).toContain('leads nowhere');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toEqual(['link.json']);
  });

  // The device stands for a full disk behind the output.
  it.skipIf(!existsSync('/dev/full'))(
    'tells by an exit code that the keys are in the file, though it prints nothing',
    () => {
      const full = openSync('/dev/full', 'w');
      const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', main, 'keys', 'generate', 'acme', '--file', file],
        { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
      );
      closeSync(full);
      expect(stderr).toContain('could not be printed');
      expect(status).toBe(3);
      expect(Object.keys(content())).toEqual(['acme']);
    },
  );
});
