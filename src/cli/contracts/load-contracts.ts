import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isEventContract, type AnyEventContract } from '../../contract/event-contract.js';
import { usageError } from '../command.js';
import { loadModule, type Load } from '../load-module.js';

/**
 * The contracts that a module exports, by themselves or in arrays and objects.
 *
 * @throws TenantryError `INVALID_OPTIONS` where it cannot be loaded or has none; what defining a contract throws
 */
export async function loadContracts(path: string, load?: Load): Promise<readonly AnyEventContract[]> {
  const module = await loadModule(path, load);
  const contracts = new Set<AnyEventContract>();
  collect(module, contracts, 3);
  if (contracts.size === 0) throw usageError(`${path} exports no contract that defineEvent made, nor a list of them`);
  return [...contracts];
}

/** A CommonJS module is an object under `default`, and may hold a list. */
function collect(value: unknown, found: Set<AnyEventContract>, levels: number): void {
  if (isEventContract(value)) found.add(value);
  else if (typeof value === 'object' && value !== null && levels > 0)
    for (const item of Object.values(value)) collect(item, found, levels - 1);
}

/** The name and version of the package that a file belongs to; undefined where it belongs to none that has both. */
export function packageOf(path: string): { readonly name: string; readonly version: string } | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name, version } = readManifest(manifest);
      if (typeof name === 'string' && typeof version === 'string') return { name, version };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function readManifest(path: string): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return Object(JSON.parse(readFileSync(path, 'utf8'))) as object;
  } catch {
    return {};
  }
}
