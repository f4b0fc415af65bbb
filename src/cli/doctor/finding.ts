import { describeForeignError, isTenantryError } from '../../core/errors.js';

/** What a check has come to. `not-made`: it could not be made, which says nothing. */
export type FindingState = 'ok' | 'warning' | 'error' | 'not-made';

/** One thing that was looked at. */
export interface Finding {
  /** The kind of check: `topics`, `keys`. */
  readonly check: string;
  /** What was looked at: a topic, a tenant. */
  readonly subject: string;
  readonly state: FindingState;
  readonly detail: string;
  /** What to do about it; null where there is nothing to do. */
  readonly todo: string | null;
}

/** Makes the findings of one kind of check. */
export function findingsOf(
  check: string,
): (state: FindingState, subject: string, detail: string, todo?: string) => Finding {
  return (state, subject, detail, todo) => ({ check, subject, state, detail, todo: todo ?? null });
}

/** What an error of a check says: its code and message, or of a foreign one its name. */
export function errorText(error: unknown): string {
  return isTenantryError(error) ? `${error.code}: ${error.message}` : describeForeignError(error);
}
