import type { z } from 'zod';
import { tenantryError, type Problem } from './errors.js';
import type { Lazy } from './lazy-schema.js';

// 36 for a UUID. A 32-byte key has 43 characters or more in any encoding, an access key of AWS has 40.
const ORDINARY_NAME = /^[A-Za-z0-9][\w-]{0,35}$/;
const DOTTED_NAME = /^[a-z_]{1,20}(?:\.[a-z_]{1,20}){1,6}$/;

/**
 * Checks options with a schema. The error lists every wrong field by its place, never by its value.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function checkOptions<S extends z.ZodType>(what: string, schema: Lazy<S>, options: unknown): z.output<S> {
  const parsed = schema().safeParse(options);
  if (parsed.success) return parsed.data;
  throw invalidOptions(
    what,
    parsed.error.issues.flatMap((issue) => problemsOf(issue, [])),
  );
}

/** The one form of an error of options. */
export function invalidOptions(what: string, problems: readonly Problem[]): Error {
  const list = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return tenantryError('INVALID_OPTIONS', `${what}: ${list}`, { problems });
}

/** A secret may have been put where a name belongs, so only what looks like a name is shown. */
export function shownName(name: string): string {
  return ORDINARY_NAME.test(name) || DOTTED_NAME.test(name) ? name : '(name not shown)';
}

function problemsOf(issue: z.core.$ZodIssue, outerPath: readonly PropertyKey[]): Problem[] {
  const path = [...outerPath, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: shownPath([...path, key]), message: 'is not an option' }));
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path: shownPath(path), message }));
    case 'invalid_union':
      return unionProblems(issue, path);
    default:
      return [{ path: shownPath(path), message: issue.message }];
  }
}

/** What a union says of itself is only that no branch fits; the branch that was meant says what is wrong. */
function unionProblems(issue: z.core.$ZodIssueInvalidUnion, path: readonly PropertyKey[]): Problem[] {
  const ofMeantType = issue.errors.filter(
    (branch) => !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const [meant] = ofMeantType;
  if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, path));
  const types = issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  const message = types.length === 0 ? issue.message : `Invalid input: expected ${types.join(' or ')}`;
  return [{ path: shownPath(path), message }];
}

function shownPath(path: readonly PropertyKey[]): string {
  return path.map((step) => shownName(String(step))).join('.') || '(root)';
}
