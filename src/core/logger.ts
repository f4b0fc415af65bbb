/**
 * A structural logger: fields first, message second, as pino does it. Every message of this library is a
 * constant listed in the telemetry table, with its facts in the fields; none holds payload or key material.
 */
export interface Logger {
  /** What helps only in a search for a fault. */
  debug(fields: object, message: string): void;
  /** What happens in ordinary work, such as partitions that come and go. */
  info(fields: object, message: string): void;
  /** What was mended or is tried again. */
  warn(fields: object, message: string): void;
  /** What somebody should look at. */
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** Says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * The logger used when none is given: of the first thing that somebody should look at the process is warned, once, so
 * that a flood of them floods nothing.
 */
export function warningOnceLogger(): Logger {
  let hasWarned = false;
  return {
    ...silentLogger,
    error: (_fields, message) => {
      if (hasWarned) return;
      hasWarned = true;
      const advice = 'set the option logger of TenantKafka to hear more; without it nothing else is said';
      process.emitWarning(`${message}: ${advice}`, { type: 'TenantryWarning', code: 'TENANTRY_NO_LOGGER' });
    },
  };
}

/** A logger of an application that cannot disturb the work it is told of, whether it throws or rejects. */
export function guardedLogger(logger: Record<keyof Logger, (fields: object, message: string) => unknown>): Logger {
  const guarded =
    (level: keyof Logger): Logger[keyof Logger] =>
    (fields, message) => {
      try {
        const answer = logger[level](fields, message);
        if (answer instanceof Promise) answer.catch(nothing);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}
