import { declaredShape } from './declared-shape.js';
import type { StandardSchema } from './standard-schema.js';

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
  for (const direction of ['input', 'output'] as const) collect(declaredShape(schema, direction), names);
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
