/**
 * A structural logger: fields first, message second, as pino does it. Every message of this library is a
 * constant listed in the telemetry table, with its facts in the fields; none holds payload or key material.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** The logger used when none is given. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
