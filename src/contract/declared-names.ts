import type { StandardSchema } from './standard-schema.js';

/** Standard JSON Schema, as far as it is read here. Either direction may throw where a schema has no JSON form. */
interface JsonSchemaConverter {
  readonly input?: (options: object) => unknown;
  readonly output?: (options: object) => unknown;
}

// `unrepresentable` is zod's: one field without a JSON form shall not hide the names of all others.
const OPTIONS = { target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } };

const known = new WeakMap<StandardSchema, ReadonlySet<string>>();

/**
 * The property names that a schema declares anywhere in it: words of the contract's author, where any other
 * key is data. Read through Standard JSON Schema; a schema that does not offer it declares no names.
 */
export function declaredNames(schema: StandardSchema): ReadonlySet<string> {
  let names = known.get(schema);
  if (names === undefined) {
    names = readNames(schema);
    known.set(schema, names);
  }
  return names;
}

function readNames(schema: StandardSchema): ReadonlySet<string> {
  const names = new Set<string>();
  const { jsonSchema } = schema['~standard'] as { readonly jsonSchema?: JsonSchemaConverter };
  for (const direction of ['input', 'output'] as const) {
    try {
      collect(jsonSchema?.[direction]?.(OPTIONS), names);
    } catch {
      // No JSON form in this direction: its names stay masked.
    }
  }
  return names;
}

function collect(root: unknown, names: Set<string>): void {
  const pending: unknown[] = [root];
  const seen = new Set<object>();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword !== 'properties' || typeof value !== 'object' || value === null) {
        pending.push(value);
        continue;
      }
      for (const [name, property] of Object.entries(value as object)) {
        names.add(name);
        pending.push(property);
      }
    }
  }
}
