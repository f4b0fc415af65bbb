import { withUnsaid } from './marks.js';
import { portablePattern } from './portable-pattern.js';
import type { SchemaObject } from './subschemas.js';

/** A schema of texts with one more pattern, its flags written out; what cannot be written out is left unsaid. */
export function withPattern(schema: SchemaObject, pattern: RegExp): SchemaObject {
  const text = portablePattern(pattern);
  if (text === undefined) return withUnsaid(schema, [patternRule(pattern)]);
  if (schema['pattern'] === undefined) return { ...schema, pattern: text };
  const others = Array.isArray(schema['allOf']) ? (schema['allOf'] as readonly unknown[]) : [];
  return { ...schema, allOf: [...others, { type: 'string', pattern: text }] };
}

export function patternRule(pattern: RegExp): string {
  return `pattern ${String(pattern)}`;
}
