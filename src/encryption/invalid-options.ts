import type { z } from 'zod';
import { tenantryError, type Problem } from '../core/errors.js';

const ORDINARY_NAME = /^[A-Za-z][\w-]{0,31}$/;

/** One error that lists every wrong field by its place, never by its value. */
export function invalidOptions(what: string, error: z.ZodError): Error {
  const problems = error.issues.map(problemOf);
  const list = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return tenantryError('INVALID_OPTIONS', `${what} has wrong options: ${list}`, { problems });
}

function problemOf(issue: z.core.$ZodIssue): Problem {
  const path = issue.path.map((step) => nameForPeople(String(step))).join('.') || '(root)';
  if (issue.code !== 'unrecognized_keys') return { path, message: issue.message };
  return { path, message: `unknown field ${issue.keys.map(nameForPeople).join(', ')}` };
}

/** A key may have been put where a name belongs. */
function nameForPeople(name: string): string {
  return ORDINARY_NAME.test(name) || /^\d+$/.test(name) ? name : '(name not shown)';
}
