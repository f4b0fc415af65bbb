import { isSchemaObject, type SchemaObject } from '../json-schema/subschemas.js';
import { accepts, isOfType } from './accepts.js';
import { Effort } from './effort.js';
import { inside, mapOf, namesOf, numberOf, resolve, schemasOf, type LocatedSchema } from './located-schema.js';

const MAX_DEPTH = 8;
/** Both sides may have unions at each depth. */
const MAX_STEPS = 2_000;
const TYPES = ['array', 'boolean', 'null', 'number', 'object', 'string'] as const;

/**
 * Whether it is certain that no value fits both schemas.
 *
 * @param whole - what this question is a part of
 */
export function areDisjoint(a: LocatedSchema, b: LocatedSchema, whole?: Effort): boolean {
  return areApart(a, b, 0, new Effort(MAX_STEPS, whole));
}

function areApart(a: LocatedSchema, b: LocatedSchema, depth: number, effort: Effort): boolean {
  if (depth > MAX_DEPTH || !effort.spend()) return false;
  const [left, right] = [resolve(a), resolve(b)];
  if (left === undefined || right === undefined) return false;
  if (left.schema === false || right.schema === false) return true;
  if (!isSchemaObject(left.schema) || !isSchemaObject(right.schema)) return false;
  return isApart(left, left.schema, right, depth, effort) || isApart(right, right.schema, left, depth, effort);
}

function isApart(
  one: LocatedSchema,
  schema: SchemaObject,
  other: LocatedSchema,
  depth: number,
  effort: Effort,
): boolean {
  const otherSchema = other.schema as SchemaObject;
  const apart = (sub: unknown): boolean => areApart(inside(one, sub), other, depth + 1, effort);
  const values = finiteValues(schema);
  if (values?.every((value) => accepts(other, value, effort) === false) === true) return true;
  for (const keyword of ['anyOf', 'oneOf'])
    if (schema[keyword] !== undefined && schemasOf(schema[keyword]).every(apart)) return true;
  if (schemasOf(schema['allOf']).some(apart)) return true;
  const types = typesOf(schema).filter((type) => typesOf(otherSchema).includes(type));
  if (types.length === 0) return true;
  if (types.length > 1) return false;
  const [type] = types;
  if (type === 'object')
    return namesOf(schema['required']).some((name) =>
      areApart(property(one, schema, name), property(other, otherSchema, name), depth + 1, effort),
    );
  if (type === 'string') return (numberOf(schema['minLength']) ?? 0) > (numberOf(otherSchema['maxLength']) ?? Infinity);
  if (type === 'array') return (numberOf(schema['minItems']) ?? 0) > (numberOf(otherSchema['maxItems']) ?? Infinity);
  return type === 'number' && lowest(schema) > highest(otherSchema);
}

/** Whether two objects have a field in common whose lists of values have none in common: they are different things. */
export function areOfDifferentKinds(a: LocatedSchema, b: LocatedSchema, whole?: Effort): boolean {
  const [left, right] = [resolve(a), resolve(b)];
  if (left === undefined || right === undefined) return false;
  const [one, other] = [mapOf(mapOf(left.schema)['properties']), mapOf(mapOf(right.schema)['properties'])];
  return Object.keys(one).some(
    (name) =>
      Object.hasOwn(other, name) &&
      finiteValues(mapOf(one[name])) !== undefined &&
      finiteValues(mapOf(other[name])) !== undefined &&
      areDisjoint(inside(left, one[name]), inside(right, other[name]), whole),
  );
}

/** All values of a schema that has a list of them. */
export function finiteValues(schema: SchemaObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'] as readonly unknown[];
  if (schema['type'] === 'boolean') return [true, false];
  return schema['type'] === 'null' ? [null] : undefined;
}

/** An integer is a number here. */
function typesOf(schema: SchemaObject): readonly string[] {
  const { type } = schema;
  if (type !== undefined) return [type].flat().map((name) => (name === 'integer' ? 'number' : (name as string)));
  const values = finiteValues(schema);
  return values === undefined ? TYPES : TYPES.filter((name) => values.some((value) => isOfType(value, name)));
}

/** What a property must be, by its name; where patterns of names say it too, anything. */
function property(parent: LocatedSchema, schema: SchemaObject, name: string): LocatedSchema {
  const properties = mapOf(schema['properties']);
  if (Object.hasOwn(properties, name)) return inside(parent, properties[name]);
  return inside(parent, schema['patternProperties'] === undefined ? (schema['additionalProperties'] ?? true) : true);
}

function lowest(schema: SchemaObject): number {
  return Math.max(numberOf(schema['minimum']) ?? -Infinity, numberOf(schema['exclusiveMinimum']) ?? -Infinity);
}

function highest(schema: SchemaObject): number {
  return Math.min(numberOf(schema['maximum']) ?? Infinity, numberOf(schema['exclusiveMaximum']) ?? Infinity);
}
