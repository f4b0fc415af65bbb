// A service made by the packed package, with the packed package installed in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../setup/packages.mjs';
import { root } from '../setup/step.mjs';

const CLIENT = 'node_modules/@confluentinc/kafka-javascript';
/** None is a form of another, one is a reserved word and one has a hyphen. */
const NAMES = ['--aggregate', 'case', '--topic', 'support-cases', '--event', 'opened'];
/** A name of the template that is left behind. */
const LEFT_BEHIND = /shipment|requested/i;

/** Makes the service `case-desk`, below a folder that is there. @returns its folder */
export function newService(folder: string): string {
  const tarball = pack(folder);
  const service = join(folder, 'case-desk');
  const cli = unpack(tarball, folder);
  run(folder, process.execPath, [cli, 'create', 'case-desk', ...NAMES]);
  for (const path of readdirSync(service, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    const file = join(path.parentPath, path.name);
    assert.doesNotMatch(`${path.name}\n${readFileSync(file, 'utf8')}`, LEFT_BEHIND, file);
  }
  install(service, tarball);
  return service;
}

/** Runs a command to its end. @returns what it has written */
export function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const options = { cwd, encoding: 'utf8', timeout: 120_000, env: { ...plainEnv(), ...env } } as const;
  const { status, signal, stdout, stderr } = spawnSync(command, args, options);
  assert.equal(status, 0, `${args.join(' ')} ended with ${status ?? signal}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** The environment without what tsx has put into it for this script. */
export function plainEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TSX_')));
}

function pack(folder: string): string {
  const [packed] = JSON.parse(
    run(root, ...npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder)),
  ) as [{ filename: string }];
  return join(folder, packed.filename);
}

/** Unpacks the package beside the one package that its command line needs for this. @returns the command line */
function unpack(tarball: string, folder: string): string {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'tenantry'), { recursive: true });
  run(folder, 'tar', ['-xzf', tarball, '-C', join(modules, 'tenantry'), '--strip-components=1']);
  symlinkSync(join(root, 'node_modules/zod'), join(modules, 'zod'));
  return join(modules, 'tenantry/dist/cli/main.js');
}

function install(service: string, tarball: string): void {
  const path = join(service, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(manifest.dependencies['tenantry'], `^${version}`);
  manifest.dependencies['tenantry'] = `file:${tarball}`;
  writeFileSync(path, JSON.stringify(manifest));
  run(service, ...npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'));
  // The addon is not what is tested here: this tree's own build of it saves minutes.
  symlinkSync(join(root, CLIENT, 'build'), join(service, CLIENT, 'build'));
}
