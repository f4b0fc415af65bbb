// Two commands, or two test files, started at once must not install over each other.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while nobody else has the lock.
 * @param {string} lockFile
 * @param {string} what completes "waits for another": told where somebody else has it
 * @param {() => Promise<void>} work
 */
export async function withLock(lockFile, what, work) {
  await acquire(lockFile, what);
  const release = () => {
    rmSync(lockFile, { force: true });
  };
  process.once('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  try {
    await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

/** @param {string} lockFile @param {string} what */
async function acquire(lockFile, what) {
  const own = `${lockFile}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (let told = false; ; await sleep(300)) {
      try {
        // A link appears with its content at once; creating the file and then writing it would not.
        linkSync(own, lockFile);
        return;
      } catch {
        const holder = readHolder(lockFile);
        if (holder !== undefined && !(holder > 0 && isAlive(holder))) rmSync(lockFile, { force: true });
        else if (!told) {
          console.log(`Another ${what} runs (process ${holder}); waiting for it …`);
          told = true;
        }
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** @param {string} lockFile */
function readHolder(lockFile) {
  try {
    return Number(readFileSync(lockFile, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
