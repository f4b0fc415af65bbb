import type { SchemaObject } from './subschemas.js';

/** Stands in a schema where its library has no JSON Schema for a part of it; the value names that part. */
export const NO_FORM = 'x-tenantry-no-json-form';

/** What the text of JSON never gives, by the names that the libraries have for it. */
export const NEVER_IN_JSON: ReadonlySet<string> = new Set([
  'bigint',
  'blob',
  'date',
  'domain',
  'file',
  'function',
  'instance',
  'map',
  'nan',
  'promise',
  'proto',
  'set',
  'symbol',
  'undefined',
  'unit',
  'void',
]);

/**
 * The rules that a schema's library checks here and that JSON Schema cannot say, in words. The same words are the same
 * rule; of different ones nobody knows how they compare.
 */
export const UNSAID = 'x-tenantry-unsaid';

export function unsaidRules(schema: object): readonly string[] {
  const rules: unknown = Reflect.get(schema, UNSAID);
  return Array.isArray(rules) ? rules.filter((rule) => typeof rule === 'string') : [];
}

/** A schema that has some more rules which it cannot say. */
export function withUnsaid(schema: SchemaObject, rules: readonly string[]): SchemaObject {
  if (rules.length === 0) return schema;
  return { ...schema, [UNSAID]: [...new Set([...unsaidRules(schema), ...rules])].sort() };
}
