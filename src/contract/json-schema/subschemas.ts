/** A JSON Schema (draft 2020-12, or draft 7 where it says so) that is not `true` or `false`. */
export type SchemaObject = Readonly<Record<string, unknown>>;

/** A JSON Schema. `true` takes every value, `false` none. */
export type JsonSchema = boolean | SchemaObject;

const ONE: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
/** `items` is a list in draft 7 where it describes a tuple. */
const LISTS: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems']);
const MAPS: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Keywords that say something about a schema and nothing about values. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$comment',
  '$schema',
  'default',
  'deprecated',
  'description',
  'examples',
  'readOnly',
  'title',
  'writeOnly',
]);

export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A copy of a schema, its subschemas put through a function.
 *
 * @param change - gets a subschema and the keywords and names that lead to it from the schema
 */
export function mapSubschemas(
  schema: SchemaObject,
  change: (subschema: unknown, steps: readonly string[]) => unknown,
): SchemaObject {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (LISTS.has(keyword) && Array.isArray(value))
      return [keyword, value.map((item: unknown, index) => change(item, [keyword, String(index)]))];
    if (MAPS.has(keyword) && isSchemaObject(value)) {
      const changed = Object.entries(value).map(([name, item]) => [name, change(item, [keyword, name])]);
      return [keyword, Object.fromEntries(changed)];
    }
    return [keyword, ONE.has(keyword) ? change(value, [keyword]) : value];
  });
  return Object.fromEntries(entries);
}

/** How a place in data is written: `lines[].sku`. A key that the schema does not name is `*`. */
export function placeOf(steps: readonly string[]): string {
  let place = '';
  for (let index = 0; index < steps.length; index += 1) {
    const keyword = steps[index] ?? '';
    const next = steps[index + 1] ?? '';
    if (keyword === 'properties') place = below(place, next);
    else if (keyword === 'additionalProperties' || keyword === 'patternProperties') place = below(place, '*');
    else if (keyword === 'prefixItems') place += `[${next}]`;
    else if (keyword === 'items') place += '[]';
    if (MAPS.has(keyword) || (LISTS.has(keyword) && /^\d+$/.test(next))) index += 1;
  }
  return place === '' ? '(root)' : place;
}

function below(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`;
}
