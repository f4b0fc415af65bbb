import type { ErrorFields } from '../core/errors.js';
import { describeForeignError, isTenantryError } from '../core/errors.js';

type FieldOf<Fields> = Fields extends unknown ? keyof Fields : never;

/**
 * What errors carry beside their message that may be shown: names, places and numbers. Not the outcomes of
 * `publishMany`, which hold errors of their own.
 */
const SHOWN: Readonly<Record<Exclude<FieldOf<ErrorFields[keyof ErrorFields]>, 'outcomes'>, true>> = {
  problems: true,
  sizeBytes: true,
  limitBytes: true,
  tenantId: true,
  retryAfterMs: true,
  waiting: true,
  reason: true,
  partitions: true,
  eventId: true,
  refused: true,
  kekIds: true,
  subject: true,
  topics: true,
  topic: true,
  partition: true,
  offset: true,
  fromOffset: true,
  toOffset: true,
};

/** Whether errors are for programs. Asked before the arguments are read, which may be what is wrong. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

/**
 * An error for people: its code, what is wrong, what to do.
 *
 * @param help - the command that tells how it is called, where that is what is wrong
 */
export function errorText(error: unknown, help: string | undefined): string {
  const { code, message } = told(error);
  const what = code === null ? message : `${code}: ${message}`;
  return `tenantry: ${what}\n${help === undefined ? '' : `See ${help}\n`}`;
}

/** The same for programs: one object, in one line. */
export function errorJson(error: unknown, help: string | undefined): string {
  const { code, message } = told(error);
  const known = isTenantryError(error) ? { retryable: error.retryable, ...fieldsOf(error) } : {};
  return `${JSON.stringify({ code, message, ...known, ...(help !== undefined && { help }) })}\n`;
}

/** Of an error that is not of this library nothing but its name: its message may hold anything. */
function told(error: unknown): { readonly code: string | null; readonly message: string } {
  if (isTenantryError(error)) return { code: error.code, message: error.message };
  return { code: null, message: `unexpected error: ${describeForeignError(error)}` };
}

function fieldsOf(error: object): object {
  return Object.fromEntries(Object.entries(error).filter(([name]) => Object.hasOwn(SHOWN, name)));
}
