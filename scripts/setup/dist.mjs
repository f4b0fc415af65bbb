// dist/, compiled from src/ when that has changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError, attempt, root } from './step.mjs';

const dist = join(root, 'dist');
const stamp = join(root, 'node_modules/.cache/tenantry/dist-built-from');

export async function ensureDist() {
  if (existsSync(dist) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()) return;
  await buildDist();
}

export async function buildDist() {
  const built = fingerprint();
  // Beside dist and then renamed, so that whoever uses dist meanwhile never sees half of it.
  const draft = join(root, '.dist-draft');
  rmSync(draft, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', draft];
  const { ok, output } = await attempt('Compiling src to dist', process.execPath, args);
  if (!ok) throw new SetupError(`src does not compile.\n\n${output}`);
  rmSync(dist, { recursive: true, force: true });
  renameSync(draft, dist);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, built);
}

function fingerprint() {
  const hash = createHash('sha256');
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of [
    ...sources,
    ...['package-lock.json', 'tsconfig.base.json', 'tsconfig.build.json'].map((name) => join(root, name)),
  ]) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}
