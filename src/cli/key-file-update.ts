import {
  closeSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeForeignError, isTenantryError, tenantryError } from '../core/errors.js';
import { readKeyFile } from '../encryption/key-file.js';
import { invalidKeys, parseKeyRing } from '../encryption/key-ring.js';

/** The content of a key file, as it is written there. */
export type KeyFileContent = Record<string, unknown>;

/**
 * Changes a key file, or makes it, with access for its owner only. The new content replaces the old one in
 * one step, so an interrupted run leaves the old file; a second run at the same time is refused, because the
 * later of two would lose the keys of the earlier.
 *
 * @param change - from the old content (empty where there is no file) to the new one; both are checked
 * @throws TenantryError `INVALID_KEY_MATERIAL`, `INVALID_STATE`, or what `change` throws; the file is then as it was
 */
export function updateKeyFile(path: string, change: (content: KeyFileContent) => KeyFileContent): void {
  try {
    const target = behindLinks(path);
    replace(target, (before) => {
      if (before?.isFile() === false) throw invalidKeys(`${path} is not a file`);
      if (behindLinks(path) !== target) throw invalidKeys(`the link ${path} was changed meanwhile`);
      const content = before === undefined ? {} : readKeyFile(target);
      parseKeyRing(content, `the key file ${path}`);
      const changed = change(content as KeyFileContent);
      parseKeyRing(changed, `the key file ${path}`);
      return `${JSON.stringify(changed, undefined, 2)}\n`;
    });
  } catch (error) {
    if (isTenantryError(error)) throw error;
    throw invalidKeys(`the key file ${path} cannot be written: ${reasonAndRemedy(error, dirname(resolve(path)))}`);
  }
}

function reasonAndRemedy(error: unknown, folder: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return `there is no folder ${folder}; make it, or give another path`;
    case 'ENOTDIR':
      return `${folder} is not a folder; give another path`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `this user may not write there (${describeForeignError(error)}); get access to ${folder}, or give another path`;
    case 'ENOSPC':
      return `the disk is full; make room, and run this again`;
    default:
      return describeForeignError(error);
  }
}

/** A link stays a link: what is replaced is the file behind it. */
function behindLinks(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) throw invalidKeys(`the link ${path} leads nowhere`);
  return realpathSync(path);
}

function replace(target: string, content: (before: Stats | undefined) => string): void {
  const draft = `${target}.new`;
  const file = openDraft(draft);
  try {
    try {
      // Not earlier: until the draft is ours, another run may still put its keys there.
      const before = statSync(target, { throwIfNoEntry: false });
      const text = content(before);
      // Whoever could read it goes on reading it, also where an administrator ran this.
      if (before !== undefined && before.uid !== process.getuid?.()) fchownSync(file, before.uid, before.gid);
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The draft is also the lock: it is made only where there is none. */
function openDraft(draft: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw tenantryError(
      'INVALID_STATE',
      `${draft} exists: another run is writing the key file, or was interrupted; if none is running, remove it`,
    );
  }
}
