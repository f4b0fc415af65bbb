import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { usageError } from '../command.js';
import { readJsonFile } from '../input-files.js';
import { loadModule, type Load } from '../load-module.js';
import { settingsIn, type SettingLayer } from './setting-layers.js';

const NAMES = ['ts', 'mts', 'mjs', 'js', 'json'].map((ending) => `tenantry.config.${ending}`);

/** The file with settings: one that is named, or the one of this folder; undefined where there is none. */
export function configFile(named: string | undefined, folder = process.cwd()): string | undefined {
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw usageError(`--config, or the variable TENANTRY_CONFIG: there is no file ${named}`);
  }
  const found = NAMES.map((name) => resolve(folder, name)).filter((path) => existsSync(path));
  if (found.length > 1) {
    const names = found.map((path) => relative(folder, path)).join(' and ');
    throw usageError(`there are ${names}: keep one of them, or name it with --config`);
  }
  return found[0];
}

/**
 * What a file with settings says. Paths in it are from its own folder.
 *
 * @throws TenantryError `INVALID_OPTIONS`, or what the file itself throws of this library
 */
export async function readConfig(path: string, load?: Load): Promise<SettingLayer> {
  const source = relative(process.cwd(), path) || path;
  const content = path.endsWith('.json') ? readJsonFile(path, '--config') : exportOf(await loadModule(path, load));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw usageError(`${source} holds no settings: it must be an object, in a module the default export`);
  }
  const folder = dirname(resolve(path));
  const options: Record<string, unknown> = { ...content };
  for (const name of ['contracts', 'keyFile']) options[name] = fromFolder(options[name], folder);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { replaced: [], settings: settingsIn(Object.fromEntries(given), source) };
}

/** Of a CommonJS module, and of one that was compiled to it, the default export is one level deeper. */
function exportOf(module: unknown): unknown {
  const outer: unknown = (Object(module) as { readonly default?: unknown }).default;
  const inner: unknown = (Object(outer) as { readonly default?: unknown }).default;
  return inner ?? outer;
}

function fromFolder(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((one) => fromFolder(one, folder));
  return typeof value === 'string' && value !== '' ? resolve(folder, value) : value;
}
