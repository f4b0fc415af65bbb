// The npm packages, exactly as package-lock.json names them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, step } from './step.mjs';

/** @typedef {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} Packages */

export async function ensurePackages() {
  if (isInstalled()) return;
  // Without install scripts: the client's would fail as a whole where its prebuilt binary cannot be
  // downloaded. addon.mjs does its work instead.
  await step('Installing the npm packages', ...npm('ci', '--ignore-scripts', '--no-audit', '--no-fund'), {
    hint: 'Is the npm registry reachable? See `npm ping`.',
  });
}

/**
 * The npm that runs us, so that its version and settings are the person's own.
 * @param {...string} args
 * @returns {[command: string, args: string[]]}
 */
export function npm(...args) {
  const { npm_execpath: npmCli } = process.env;
  return npmCli?.endsWith('.js') ? [process.execPath, [npmCli, ...args]] : ['npm', args];
}

// npm writes node_modules/.package-lock.json last, so it also tells an interrupted installation.
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (wanted === undefined || installed === undefined) return false;
  const same = (/** @type {string} */ path) => wanted[path]?.version === installed[path]?.version;
  const needed = Object.keys(wanted).filter((path) => {
    const entry = wanted[path];
    return path !== '' && entry?.optional !== true && entry?.devOptional !== true;
  });
  return needed.every(same) && Object.keys(installed).every(same);
}

/**
 * @param {string} path
 * @returns {Packages | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}
