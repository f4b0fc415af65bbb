import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from './config.js';
import { createLogger } from './logger.js';
import { startService } from './service.js';

/** npm and terminals send a signal twice at once; whoever sends it again later means it. */
const TWICE_MS = 1_000;
/** How long a start may go on that is to be stopped: one that is nearly through is stopped in order. */
const START_MS = 2_000;

const config = readConfig(process.env);
const starting = startService(config);
let stoppingSince: number | undefined;

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
await starting;

async function end(signal: string): Promise<void> {
  const now = performance.now();
  if (stoppingSince !== undefined) {
    if (now - stoppingSince > TWICE_MS) process.exit(1);
    return;
  }
  stoppingSince = now;
  const service = await Promise.race([starting, sleep(START_MS)]);
  // What the start waits for, such as a Redis that is away, must not hold the end too.
  if (service === undefined) {
    createLogger(config.LOG_LEVEL, () => undefined).error({ signal }, 'ended before it had started');
    process.exit(1);
  }
  const { logger, stop } = service;
  logger.info({ signal }, 'stopping');
  const reports = await stop();
  const isClean = Object.values(reports).every(
    ({ timedOut, unfinished, uncommitted }) => !timedOut && unfinished === 0 && uncommitted === 0,
  );
  // What is left is not lost, it is delivered again; but somebody should know.
  if (isClean) logger.info('stopped');
  else logger.error(reports, 'stopped with work left');
  process.exit(isClean ? 0 : 1);
}
