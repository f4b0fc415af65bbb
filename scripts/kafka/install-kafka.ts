// Fetches Apache Kafka with Maven into the user's cache; with `installTools`, Java and Maven too.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from '../setup/debian.mjs';
import { SetupError, cacheDir, step } from '../setup/step.mjs';

const OLDEST_JAVA = 17;
const pom = fileURLToPath(new URL('pom.xml', import.meta.url));

// Named by what was fetched, so that a change of the pom is fetched anew.
const fetched = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 8);
const libs = join(cacheDir, `kafka-${fetched}`);

/** The folder of Kafka's jars. Rejects with a SetupError where Java or Maven is missing. */
export async function installKafka(options: { installTools: boolean }): Promise<string> {
  await ensureTools(options.installTools);
  if (!existsSync(libs)) await fetchJars();
  return libs;
}

/** The tools without which no broker can be started here; Maven is needed only once. */
export function missingTools(): string[] {
  const missing = hasJava() ? [] : ['java'];
  if (!existsSync(libs) && !succeeds('mvn', '--version')) missing.push('mvn');
  return missing;
}

function hasJava(): boolean {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(stderr)?.[1];
  return status === 0 && Number(version) >= OLDEST_JAVA;
}

async function fetchJars(): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, '.draft-'));
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${draft}`];
  await step('Fetching Apache Kafka with Maven', 'mvn', args);
  try {
    renameSync(draft, libs);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(libs)) throw error; // Else another process fetched it in the meantime.
  }
}

async function ensureTools(install: boolean): Promise<void> {
  const missing = missingTools();
  if (missing.length === 0) return;
  if (!install || !isRoot() || !isDebian()) {
    throw new SetupError(
      `a real Kafka needs Java ${OLDEST_JAVA} or newer and Maven; missing: ${missing.join(', ')}. ` +
        'On Debian: sudo apt-get install -y openjdk-17-jre-headless maven',
    );
  }
  await updatePackageList();
  const java = ['openjdk-21-jre-headless', 'openjdk-17-jre-headless'].find((name) =>
    succeeds('apt-get', 'install', '--simulate', name),
  );
  const packages = missing.map((tool) => (tool === 'java' ? (java ?? 'default-jre-headless') : 'maven'));
  await installDebian(packages);
}
