import type { Logger } from '../../src/core/logger.js';

/** Keeps what was logged: the level and the fields. */
export class RecordingLogger implements Logger {
  readonly entries: { readonly level: string; readonly fields: Record<string, unknown> }[] = [];

  debug(fields: object): void {
    this.#keep('debug', fields);
  }

  info(fields: object): void {
    this.#keep('info', fields);
  }

  warn(fields: object): void {
    this.#keep('warn', fields);
  }

  error(fields: object): void {
    this.#keep('error', fields);
  }

  /** The fields of every log event of a name. */
  of(event: string): Record<string, unknown>[] {
    return this.entries.filter(({ fields }) => fields['event'] === event).map(({ fields }) => fields);
  }

  #keep(level: string, fields: object): void {
    this.entries.push({ level, fields: { ...fields } });
  }
}
