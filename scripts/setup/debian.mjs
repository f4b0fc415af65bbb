// System packages, where they can be installed: as root on Debian and its kin.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { step } from './step.mjs';

/** Whether there is apt-get. */
export function isDebian() {
  return succeeds('apt-get', '--version');
}

/** Whether this process may install system packages. */
export function isRoot() {
  return process.getuid?.() === 0;
}

export async function updatePackageList() {
  await aptGet('Updating the list of Debian packages', 'update', '-q');
}

/** @param {readonly string[]} names of packages in the list */
export async function installDebian(names) {
  await aptGet(`Installing ${names.join(' ')}`, 'install', '-y', '-q', '--no-install-recommends', ...names);
}

/**
 * Test files run beside each other, and a second apt-get fails while one runs: so they wait for each other.
 * @param {string} title
 * @param {...string} args
 */
async function aptGet(title, ...args) {
  const lockFile = join(tmpdir(), 'tenantry-apt-get.lock');
  await withLock(lockFile, 'apt-get', () => step(title, 'apt-get', args, { env }));
}

/**
 * Whether a command is there and ends well.
 * @param {string} command
 * @param {...string} args
 */
export function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const env = { DEBIAN_FRONTEND: 'noninteractive' };
