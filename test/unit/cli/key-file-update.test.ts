import * as fs from 'node:fs';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { updateKeyFile } from '../../../src/cli/key-file-update.js';

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, openSync: vi.fn(actual.openSync) };
});

const KEY = Buffer.alloc(32, 7).toString('base64');
const { openSync } = await vi.importActual<typeof fs>('node:fs');

/** Something that another process does just before the lock is taken. */
function beforeTheLock(act: () => void): void {
  vi.mocked(fs.openSync).mockImplementationOnce((...args) => {
    act();
    return openSync(...args);
  });
}

describe('updating a key file beside others', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-key-file-'));
    file = join(folder, 'keys.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const content = (): unknown => JSON.parse(readFileSync(file, 'utf8'));

  it('keeps the keys of a run that made the file just before', () => {
    beforeTheLock(() => {
      writeFileSync(file, JSON.stringify({ globex: KEY }), { mode: 0o600 });
    });
    updateKeyFile(file, (keys) => ({ ...keys, acme: KEY }));
    expect(content()).toEqual({ globex: KEY, acme: KEY });
  });

  it.each([
    ['EACCES', 'this user may not write there (Error EACCES); get access to'],
    ['EROFS', 'this user may not write there (Error EROFS); get access to'],
    ['ENOSPC', 'the disk is full; make room'],
    ['EIO', 'Error EIO'],
  ])('says what %s means', (code, reason) => {
    beforeTheLock(() => {
      throw Object.assign(new Error(`${code}: secret`), { code });
    });
    let message = '';
    try {
      updateKeyFile(file, (keys) => ({ ...keys, acme: KEY }));
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(`the key file ${file} cannot be written: ${reason}`);
    expect(message).not.toContain('secret');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('changes nothing where a link was pointed elsewhere just before', () => {
    const link = join(folder, 'link.json');
    const other = join(folder, 'other.json');
    for (const path of [file, other]) writeFileSync(path, '{}', { mode: 0o600 });
    symlinkSync(file, link);
    beforeTheLock(() => {
      unlinkSync(link);
      symlinkSync(other, link);
    });
    expect(() => {
      updateKeyFile(link, (keys) => ({ ...keys, acme: KEY }));
    }).toThrow('was changed meanwhile');
    expect(content()).toEqual({});
    expect(readdirSync(folder).sort()).toEqual(['keys.json', 'link.json', 'other.json']);
  });
});
