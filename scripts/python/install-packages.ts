// Fetches Python packages with pip into the user's cache; with `installTools`, Python too.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from '../setup/debian.mjs';
import { SetupError, cacheDir, step } from '../setup/step.mjs';

/** A list of packages, and what they are for. */
export interface PythonPackages {
  /** As a person reads it. */
  readonly title: string;
  readonly folder: string;
  /** The path of a requirements.txt. */
  readonly requirements: string;
  /** The oldest Python 3 they run on. */
  readonly oldestMinor: number;
}

/** The folder of the packages, for `PYTHONPATH`. Rejects with a SetupError where they cannot be had. */
export async function installPackages(wanted: PythonPackages, options: { installTools: boolean }): Promise<string> {
  await ensurePython(wanted, options.installTools);
  const packages = folderOf(wanted);
  if (!existsSync(packages)) await fetchPackages(wanted, packages);
  return packages;
}

/** Whether the packages are there, or can be fetched. */
export function canHavePackages(wanted: PythonPackages): boolean {
  const hasPython = succeeds('python3', '-c', `import sys; sys.exit(sys.version_info < (3, ${wanted.oldestMinor}))`);
  return hasPython && (existsSync(folderOf(wanted)) || succeeds('python3', '-m', 'pip', '--version'));
}

// Named by what was fetched, so that a change of the list is fetched anew.
function folderOf({ folder, requirements }: PythonPackages): string {
  const fetched = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 8);
  return join(cacheDir, `${folder}-${fetched}`);
}

// Into a folder, not an environment: that would hold its own path and could not be moved into place.
async function fetchPackages({ title, requirements }: PythonPackages, packages: string): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, '.draft-'));
  const args = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--target', draft, '-r', requirements];
  try {
    await step(`Fetching ${title} with pip`, 'python3', args);
    renameSync(draft, packages);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(packages)) throw error; // Else another process fetched it in the meantime.
  }
}

async function ensurePython(wanted: PythonPackages, install: boolean): Promise<void> {
  if (canHavePackages(wanted)) return;
  if (!install || !isRoot() || !isDebian()) {
    throw new SetupError(
      `${wanted.title} needs Python 3.${wanted.oldestMinor} or newer with pip. On Debian: sudo apt-get install -y python3-pip`,
    );
  }
  await updatePackageList();
  await installDebian(['python3', 'python3-pip']);
}
