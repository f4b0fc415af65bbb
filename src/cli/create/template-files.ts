import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeForeignError, isTenantryError, tenantryError } from '../../core/errors.js';
import { packageVersion } from '../../core/package-version.js';
import { renamed } from './rename.js';
import type { ServiceNames } from './service-names.js';

/** A file of a new service. */
export interface ServiceFile {
  /** Below the folder of the service. */
  readonly path: string;
  readonly text: string;
}

// src/cli/create and dist/cli/create are equally far from it.
const TEMPLATE = fileURLToPath(new URL('../../../examples/service-template/', import.meta.url));
/** What is made in the template where somebody works on it. */
const MADE: ReadonlySet<string> = new Set(['node_modules', 'dist', 'package-lock.json']);
/** npm leaves a file of the real name out of packages. */
const REAL_NAMES: ReadonlyMap<string, string> = new Map([['gitignore', '.gitignore']]);

/** The files of a service with these names, which depends on this version of the package. */
export function serviceFiles(names: ServiceNames): readonly ServiceFile[] {
  return filesBelow(TEMPLATE).map((file) => {
    const path = relative(TEMPLATE, file);
    const text = renamed(readFileSync(file, 'utf8'), names);
    return { path: REAL_NAMES.get(path) ?? path, text: path === 'package.json' ? withVersion(text) : text };
  });
}

/**
 * Writes the files into a folder that is empty or not there yet.
 *
 * @throws TenantryError `INVALID_STATE` where it is neither, or cannot be written
 */
export function writeService(folder: string, files: readonly ServiceFile[]): void {
  try {
    assertEmpty(folder);
    for (const { path, text } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { flag: 'wx' });
    }
  } catch (error) {
    if (isTenantryError(error)) throw error;
    throw tenantryError('INVALID_STATE', `${folder} cannot be written whole (${describeForeignError(error)})`);
  }
}

function assertEmpty(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw tenantryError('INVALID_STATE', `${folder} is a file; name another folder with --dir`);
  if (readdirSync(folder).length > 0)
    throw tenantryError('INVALID_STATE', `${folder} is not empty; empty it, or name another folder with --dir`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !MADE.has(name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function withVersion(text: string): string {
  const manifest = JSON.parse(text) as { readonly dependencies: Readonly<Record<string, string>> };
  const dependencies = { ...manifest.dependencies, tenantry: `^${packageVersion()}` };
  return `${JSON.stringify({ ...manifest, dependencies }, undefined, 2)}\n`;
}
