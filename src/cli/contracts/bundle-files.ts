import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asyncApiDocument } from '../../contract/bundle/asyncapi.js';
import { bundleSchema, type ContractBundle } from '../../contract/bundle/bundle.js';
import { expectationSchema, type ConsumerExpectation } from '../../contract/expectation/expectation.js';
import { describeForeignError } from '../../core/errors.js';
import { checkOptions } from '../../core/invalid-options.js';
import { usageError } from '../command.js';
import { readJsonFile } from '../input-files.js';

const BUNDLE_FILE = 'contracts.json';
const ASYNCAPI_FILE = 'asyncapi.json';

/**
 * Writes a bundle into a folder, which is made where it is missing.
 *
 * @returns the files that were written
 */
export function writeBundle(folder: string, bundle: ContractBundle): readonly string[] {
  const files = [
    [join(folder, BUNDLE_FILE), bundle],
    [join(folder, ASYNCAPI_FILE), asyncApiDocument(bundle)],
  ] as const;
  for (const [path, content] of files) writeText(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return files.map(([path]) => path);
}

/** Writes a file, and makes its folder. */
export function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw usageError(`--out: ${path} cannot be written (${describeForeignError(error)})`);
  }
}

/**
 * Reads a bundle: the folder that it was exported to, or the file `contracts.json` of it.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function readBundle(path: string): ContractBundle {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const content = readJsonFile(isFolder ? join(path, BUNDLE_FILE) : path, 'the bundle');
  return checkOptions(`the bundle ${path}`, bundleSchema, content);
}

/**
 * Reads what a consumer expects.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function readExpectation(path: string): ConsumerExpectation {
  return checkOptions(`the expectation ${path}`, expectationSchema, readJsonFile(path, 'the expectation'));
}
