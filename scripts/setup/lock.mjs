// Two commands started at once in one clone must not install over each other.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './step.mjs';

const lockFile = join(root, '.setup.lock');

/** @param {() => Promise<void>} work */
export async function withLock(work) {
  await acquire();
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

async function acquire() {
  const own = `${lockFile}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (let told = false; ; await sleep(300)) {
      try {
        // A link appears with its content at once; creating the file and then writing it would not.
        linkSync(own, lockFile);
        return;
      } catch {
        const holder = readHolder();
        if (holder !== undefined && !isAlive(holder)) rmSync(lockFile, { force: true });
        else if (!told) {
          console.log(`Another set-up runs in this clone (process ${holder}); waiting for it …`);
          told = true;
        }
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder() {
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
