import { resolve } from '../compatibility/located-schema.js';
import { isSchemaObject, placeOf, type SchemaObject } from '../json-schema/subschemas.js';

/** One field of a contract's data, for people. */
export interface FieldRow {
  /** `lines[].sku` */
  readonly place: string;
  /** `text`, `list`, `"card"`, … */
  readonly form: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
  /** As a JSON Pointer; undefined inside of lists, where no field can be sealed by itself. */
  readonly pointer: string | undefined;
}

/** More than a person reads; parts that refer to each other would make rows without an end. */
const MAX_ROWS = 500;
/** Schemas that name no field make no row and are looked into all the same. */
const MAX_SCHEMAS = 3_000;
const MAX_BRANCHES = 4;
const MAX_FORMS = 50;
const FORMS: ReadonlyMap<unknown, string> = new Map([
  ['string', 'text'],
  ['number', 'number'],
  ['integer', 'whole number'],
  ['boolean', 'true or false'],
  ['null', 'null'],
  ['array', 'list'],
  ['object', 'object'],
]);

/** Stands behind the rows of a schema that has more of them than are told. */
export const FURTHER_FIELDS: FieldRow = {
  place: '…',
  form: 'further fields, too many to be listed: the JSON Schema has them all',
  isRequired: false,
  description: undefined,
  pointer: undefined,
};

/**
 * The fields that a JSON Schema names, each before those inside of it; of a union those of each branch. What refers to
 * something around it is not followed again. Of more than 500 those that lie less deep are there, and then
 * `FURTHER_FIELDS`.
 */
export function fieldRows(schema: SchemaObject): readonly FieldRow[] {
  const top: Part = { row: undefined, parts: [] };
  let rows = 0;
  let schemas = 0;
  const open: Open[] = [{ schema, around: undefined, steps: [], pointer: '', part: top }];
  // What lies less deep first: all of it is there before any of what lies deeper.
  for (const next of open) {
    const inner = partsOf(next, schema);
    schemas += 1;
    rows += inner.filter(({ part }) => part.row !== undefined).length;
    if (rows > MAX_ROWS || schemas > MAX_SCHEMAS) return [...inOrder(top), FURTHER_FIELDS];
    next.part.parts.push(...inner.map(({ part }) => part));
    open.push(...inner);
  }
  return inOrder(top);
}

/** A row, where there is one, and what lies inside of it. */
interface Part {
  readonly row: FieldRow | undefined;
  readonly parts: Part[];
}

/** A schema that is not looked into yet. */
interface Open {
  readonly schema: unknown;
  readonly around: Around | undefined;
  readonly steps: readonly string[];
  readonly pointer: string | undefined;
  readonly part: Part;
}

/** The schemas that one is inside of, the innermost first. */
interface Around {
  readonly schema: SchemaObject;
  readonly outer: Around | undefined;
}

function inOrder(top: Part): FieldRow[] {
  const rows: FieldRow[] = [];
  const pending = [top];
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.row !== undefined) rows.push(part.row);
    pending.push(...[...part.parts].reverse());
  }
  return rows;
}

function partsOf({ schema, around, steps, pointer }: Open, root: SchemaObject): readonly Open[] {
  const followed = follow(schema, root);
  if (followed === undefined || isInside(followed, around)) return [];
  const within = { schema: followed, outer: around };
  const inner = (child: unknown, below: readonly string[], to: string | undefined, row?: FieldRow): Open => ({
    schema: child,
    around: within,
    steps: [...steps, ...below],
    pointer: to,
    part: { row, parts: [] },
  });
  const required = new Set(list(followed['required']));
  const fields = Object.entries(isSchemaObject(followed['properties']) ? followed['properties'] : {});
  return [
    ...fields.map(([name, field]) => {
      const below = ['properties', name];
      const to = pointer === undefined ? undefined : `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const { description } = isSchemaObject(field) ? field : {};
      return inner(field, below, to, {
        place: placeOf([...steps, ...below]),
        form: formOf(field, root, { forms: MAX_FORMS }),
        isRequired: required.has(name),
        description: typeof description === 'string' ? description : undefined,
        pointer: to,
      });
    }),
    inner(followed['items'], ['items'], undefined),
    inner(followed['additionalProperties'], ['additionalProperties'], undefined),
    ...list(followed['prefixItems']).map((item, index) => inner(item, ['prefixItems', String(index)], undefined)),
    ...['anyOf', 'oneOf', 'allOf'].flatMap((keyword) =>
      list(followed[keyword]).map((branch, index) => inner(branch, [keyword, String(index)], pointer)),
    ),
  ];
}

function isInside(schema: SchemaObject, innermost: Around | undefined): boolean {
  for (let at = innermost; at !== undefined; at = at.outer) if (at.schema === schema) return true;
  return false;
}

function follow(schema: unknown, root: SchemaObject): SchemaObject | undefined {
  if (!isSchemaObject(schema)) return undefined;
  const resolved = resolve({ schema, root })?.schema;
  return isSchemaObject(resolved) ? resolved : undefined;
}

/** @param left - counts down the forms of the branches of branches */
function formOf(referring: unknown, root: SchemaObject, left: { forms: number }, depth = 0): string {
  left.forms -= 1;
  if (left.forms < 0) return '…';
  const schema = follow(referring, root);
  if (schema === undefined || depth > MAX_BRANCHES) return referring === false ? 'nothing' : 'anything';
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' or ');
  const branches = [...list(schema['anyOf']), ...list(schema['oneOf'])];
  if (branches.length > 0) {
    const forms = new Set<string>();
    for (const branch of branches) {
      forms.add(formOf(branch, root, left, depth + 1));
      if (left.forms < 0) break;
    }
    return [...forms].join(' or ');
  }
  const form = [schema['type']]
    .flat()
    .map((type) => FORMS.get(type) ?? 'anything')
    .join(' or ');
  const limits = [
    typeof schema['format'] === 'string' ? schema['format'] : undefined,
    limit('at least', schema['minLength'], ' characters'),
    limit('at most', schema['maxLength'], ' characters'),
    limit('at least', schema['minItems'], ' items'),
    limit('at most', schema['maxItems'], ' items'),
    ...(schema['type'] === 'integer' ? [] : [limit('from', schema['minimum'], ''), limit('to', schema['maximum'], '')]),
    limit('above', schema['exclusiveMinimum'], ''),
    limit('below', schema['exclusiveMaximum'], ''),
  ].filter((text) => text !== undefined);
  return limits.length === 0 ? form : `${form} (${limits.join(', ')})`;
}

function limit(word: string, bound: unknown, unit: string): string | undefined {
  return typeof bound === 'number' ? `${word} ${bound}${unit}` : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
