// Makes a fresh clone ready to run: npm packages, the Kafka client's native addon, dist/.
// `npm run demo` and `npm test` begin with it, so it uses nothing but Node itself, does nothing
// twice, and says what it does when that takes time.
import { join } from 'node:path';
import { ensureAddon } from './setup/addon.mjs';
import { ensureDist } from './setup/dist.mjs';
import { withLock } from './setup/lock.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { root, SetupError } from './setup/step.mjs';

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new SetupError(`Node.js ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
  }
}

try {
  checkNode();
  await withLock(join(root, '.setup.lock'), 'set-up in this clone', async () => {
    await ensurePackages();
    await ensureAddon();
    await ensureDist();
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nSet-up failed: ${error.message}`);
  process.exitCode = 1;
}
