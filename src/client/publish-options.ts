import type { PublishManyOptions, PublishOptions } from '../api/publisher.js';
import type { Problem } from '../core/errors.js';
import { invalidOptions, shownName } from '../core/invalid-options.js';

const OF_ONE: ReadonlySet<string> = new Set<keyof PublishOptions>(['eventId', 'timestamp', 'headers', 'signal']);
const OF_MANY: ReadonlySet<string> = new Set<keyof PublishManyOptions>(['signal', 'each']);

/**
 * Checks the options of a publish by hand, since it happens for every event: what an application misspells must
 * not be left out in silence. The values of fields are checked where they are used.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function checkPublishOptions(options: unknown): void {
  const problems = problemsOf(options, OF_ONE);
  const headers = isPlainObject(options) ? options['headers'] : undefined;
  if (headers !== undefined && !isPlainObject(headers)) {
    problems.push({ path: 'headers', message: 'must be a plain object of names and values' });
  }
  if (problems.length > 0) throw invalidOptions('publish', problems);
}

/** @throws TenantryError `INVALID_OPTIONS` */
export function checkPublishManyOptions(options: unknown): void {
  const problems = problemsOf(options, OF_MANY);
  const each = isPlainObject(options) ? options['each'] : undefined;
  if (each !== undefined && typeof each !== 'function') problems.push({ path: 'each', message: 'must be a function' });
  if (problems.length > 0) throw invalidOptions('publishMany', problems);
}

function problemsOf(options: unknown, known: ReadonlySet<string>): Problem[] {
  if (!isPlainObject(options)) return [{ path: '(root)', message: 'must be a plain object' }];
  return Object.keys(options)
    .filter((name) => !known.has(name))
    .map((name) => ({ path: shownName(name), message: 'is not an option' }));
}

/** A Map, a Date, an AbortSignal or the Headers of fetch have nothing to say as names and values. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}
