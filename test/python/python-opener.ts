// Runs examples/python-opener: one process for many records.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../../scripts/python/install-packages.ts';
import type { Protection } from '../../src/contract/event-contract.js';
import type { SealedIdentity } from '../../src/encryption/record-cipher.js';

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/python-opener/${name}`, import.meta.url));

/** The packages that the opener needs; undefined where they cannot be had, which CI does not allow. */
export async function openerPackages(): Promise<string | undefined> {
  const isCi = Boolean(process.env['CI']);
  const wanted = {
    title: 'the Python opener',
    folder: 'python-opener',
    requirements: example('requirements.txt'),
    oldestMinor: 9,
  };
  try {
    return await installPackages(wanted, { installTools: isCi });
  } catch (error) {
    if (isCi) throw error;
    console.warn(`Skipping test/python: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** A record as both openers get it. */
export interface OpenerRecord {
  readonly identity: SealedIdentity;
  readonly protection: Protection;
  readonly value: Buffer | null;
  readonly seal: Buffer | undefined;
}

/** What an opener answers. */
export type OpenerAnswer = { readonly event: unknown; readonly timeMs: number } | { readonly error: string };

/** Has Python open records, with a key file or with data keys. */
export async function openInPython(
  packages: string,
  keys: { readonly kind: 'keys' | 'data-keys'; readonly text: string },
  records: readonly OpenerRecord[],
): Promise<OpenerAnswer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-opener-'));
  try {
    const file = join(folder, 'keys');
    writeFileSync(file, keys.text, { mode: 0o600 });
    const child = spawn('python3', [example('open_records.py'), `--${keys.kind}`, file], {
      env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdin.end(records.map((record) => `${JSON.stringify(lineOf(record))}\n`).join(''));
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== 0) throw new Error(`the opener ended with ${status ?? 'a signal'}`);
    return output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as OpenerAnswer);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function lineOf({ identity, protection, value, seal }: OpenerRecord): object {
  const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64');
  return {
    topic: identity.logicalTopic,
    key: base64(identity.recordKey),
    value: value === null ? null : base64(value),
    headers: {
      'tenant-id': base64(identity.tenantId),
      'event-type': base64(identity.eventType),
      'event-id': base64(identity.eventId),
      ...(seal === undefined ? {} : { 'tenantry-seal': base64(seal) }),
    },
    protection,
  };
}
