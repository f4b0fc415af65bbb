// Fetches LocalStack, which answers as AWS KMS does, into the user's cache; with `installTools`, Python too.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from '../setup/debian.mjs';
import { SetupError, cacheDir, step } from '../setup/step.mjs';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

// Named by what was fetched, so that a change of the list is fetched anew.
const fetched = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 8);
const packages = join(cacheDir, `localstack-${fetched}`);

/** The folder of LocalStack's Python packages. Rejects with a SetupError where it cannot be had. */
export async function installLocalStack(options: { installTools: boolean }): Promise<string> {
  await ensurePython(options.installTools);
  if (!existsSync(packages)) await fetchPackages();
  return packages;
}

/** Whether LocalStack is there, or can be fetched. */
export function canHaveLocalStack(): boolean {
  return hasPython() && (existsSync(packages) || succeeds('python3', '-m', 'pip', '--version'));
}

function hasPython(): boolean {
  return succeeds('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))');
}

// Into a folder, not an environment: that would hold its own path and could not be moved into place.
async function fetchPackages(): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(join(cacheDir, '.draft-'));
  const args = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--target', draft, '-r', requirements];
  try {
    await step('Fetching LocalStack with pip', 'python3', args);
    renameSync(draft, packages);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(packages)) throw error; // Else another process fetched it in the meantime.
  }
}

async function ensurePython(install: boolean): Promise<void> {
  if (canHaveLocalStack()) return;
  if (!install || !isRoot() || !isDebian()) {
    throw new SetupError(
      'LocalStack needs Python 3.11 or newer with pip. On Debian: sudo apt-get install -y python3-pip',
    );
  }
  await updatePackageList();
  await installDebian(['python3', 'python3-pip']);
}
