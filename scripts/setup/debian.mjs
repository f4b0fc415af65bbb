// System packages, where they can be installed: as root on Debian and its kin.
import { spawnSync } from 'node:child_process';
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
  await step('Updating the list of Debian packages', 'apt-get', ['update', '-q'], { env });
}

/** @param {readonly string[]} names of packages in the list */
export async function installDebian(names) {
  const args = ['install', '-y', '-q', '--no-install-recommends', ...names];
  await step(`Installing ${names.join(' ')}`, 'apt-get', args, { env });
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
