import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeForeignError, isTenantryError } from '../core/errors.js';
import { usageError } from './command.js';

/** Loads a module, by its URL. */
export type Load = (url: string) => Promise<unknown>;

const importModule: Load = (url) => import(url) as Promise<unknown>;

/**
 * Runs a module of the user's, which may be TypeScript where this Node.js loads that.
 *
 * @throws TenantryError `INVALID_OPTIONS` where it cannot be loaded; an error of this library that it throws
 */
export async function loadModule(path: string, load: Load = importModule): Promise<unknown> {
  const file = resolve(path);
  if (!existsSync(file)) throw usageError(`there is no file ${path}`);
  try {
    return await load(pathToFileURL(file).href);
  } catch (error) {
    if (isTenantryError(error)) throw error;
    throw usageError(`${path} cannot be loaded: ${reasonAndRemedy(path, error)}`);
  }
}

function reasonAndRemedy(path: string, error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(path)) {
    return (
      `Node.js ${process.versions.node} does not load TypeScript; compile it and give the .js file, ` +
      'or use Node.js 22.18 or newer, or run this with NODE_OPTIONS="--import tsx"'
    );
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'it uses TypeScript that is more than types, which Node.js does not load; compile it and give the .js file';
  return `${describeForeignError(error)}; run \`node ${path}\` to see where`;
}
