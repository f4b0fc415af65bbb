import type { Problem } from '../core/errors.js';
import { declaredNames } from './declared-names.js';
import type { SchemaIssue, StandardSchema } from './standard-schema.js';

const MAX_PROBLEMS = 20;
const MAX_SEGMENTS = 32;
const ROOT = '(root)';
const DOES_NOT_FIT = 'does not fit the schema';

// Only words of these two tables reach a message: an issue's own message, `expected` and `code` can all be
// made from data by a schema's author, and arktype's and valibot's messages hold it always.
const TYPE_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    string: 'a string',
    number: 'a number',
    int: 'an integer',
    integer: 'an integer',
    boolean: 'true or false',
    object: 'an object',
    record: 'an object',
    array: 'an array',
    tuple: 'an array',
    null: 'null',
    undefined: 'left out',
    never: 'left out',
  }),
);
const CODE_SENTENCES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    too_small: 'is too small or too short',
    min: 'is too small or too short',
    minLength: 'is too small or too short',
    too_big: 'is too large or too long',
    max: 'is too large or too long',
    maxLength: 'is too large or too long',
    exactLength: 'has the wrong length',
    invalid_format: 'has the wrong format',
    pattern: 'has the wrong format',
    not_multiple_of: 'is not a multiple of what is asked',
    divisor: 'is not a multiple of what is asked',
    unrecognized_keys: 'has fields that are not declared',
    invalid_union: 'fits none of the allowed forms',
    union: 'fits none of the allowed forms',
    invalid_value: 'is none of the allowed values',
    unit: 'is none of the allowed values',
    invalid_key: 'has a key that is not allowed',
    invalid_element: 'has an item that does not fit',
    required: 'is missing',
  }),
);

/** What a validator found wrong, told without a word of the data: at most twenty problems, then a count. */
export function schemaProblems(schema: StandardSchema, issues: readonly SchemaIssue[]): readonly Problem[] {
  // Spread: arktype's issues and paths are subclasses of Array that its own methods would make more of.
  const problems = [...issues]
    .slice(0, MAX_PROBLEMS)
    .map((issue): Problem => ({ path: showPath(schema, pathOf(issue)), message: sentenceFor(issue) }));
  const more = issues.length - problems.length;
  return more > 0 ? [...problems, { path: ROOT, message: `has ${more} more problems` }] : problems;
}

/** A path into data as `lines[0].sku`; a name the schema does not declare is data, and is shown as `*`. */
export function showPath(schema: StandardSchema, path: readonly PropertyKey[]): string {
  let shown = '';
  for (const segment of path.slice(0, MAX_SEGMENTS)) {
    if (typeof segment === 'number') {
      shown += `[${segment}]`;
      continue;
    }
    const name = typeof segment === 'string' && declaredNames(schema).has(segment) ? segment : '*';
    shown += shown === '' ? name : `.${name}`;
  }
  if (path.length > MAX_SEGMENTS) shown += '…';
  return shown === '' ? ROOT : shown;
}

function pathOf(issue: SchemaIssue): PropertyKey[] {
  return [...(issue.path ?? [])].map((segment) => (typeof segment === 'object' ? segment.key : segment));
}

function sentenceFor(issue: SchemaIssue): string {
  const sentence = CODE_SENTENCES.get(textOf(issue, 'code'));
  if (sentence !== undefined) return sentence;
  const word = TYPE_WORDS.get(textOf(issue, 'expected').toLowerCase().replace(/^an? /, ''));
  return word === undefined ? DOES_NOT_FIT : `must be ${word}`;
}

function textOf(issue: SchemaIssue, property: 'code' | 'expected'): string {
  try {
    // arktype's are getters that may run the schema author's code.
    const value = (issue as { readonly code?: unknown; readonly expected?: unknown })[property];
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}
