import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { describeForeignError, tenantryError } from '../core/errors.js';
import type { Driver } from './driver-types.js';

const PACKAGE = '@confluentinc/kafka-javascript';

let loaded: Driver | undefined;

/**
 * The native client, loaded on first use. A child process is fine; a worker thread is not, because the
 * addon registers itself once per process and aborts it when a second thread loads it.
 *
 * @throws TenantryError `WORKER_THREAD`, `DRIVER_UNAVAILABLE`
 */
export function loadDriver(): Driver {
  if (!isMainThread) {
    throw tenantryError(
      'WORKER_THREAD',
      `${PACKAGE} would abort the process in a worker thread; use tenantry in the main thread or in a child process`,
    );
  }
  loaded ??= requireDriver(createRequire(import.meta.url));
  return loaded;
}

/** @throws TenantryError `DRIVER_UNAVAILABLE` */
export function requireDriver(require: (id: string) => unknown): Driver {
  try {
    return require(PACKAGE) as Driver;
  } catch (error) {
    // The message of a loader holds paths, and often pages of them: its code says enough.
    throw tenantryError(
      'DRIVER_UNAVAILABLE',
      `${PACKAGE} cannot be loaded by Node.js ${process.version} (${describeForeignError(error)}); ` +
        `run \`npm rebuild ${PACKAGE}\` with this Node.js, see its README for the build tools it needs`,
    );
  }
}
