import { pino, type Logger } from 'pino';

/** A logger that names the tenant on each line that is written for one. */
export function createLogger(level: string, currentTenant: () => string | undefined): Logger {
  return pino({ level, mixin: () => ({ tenant: currentTenant() }) });
}
