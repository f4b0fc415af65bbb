import { isSchemaObject, type SchemaObject } from '../json-schema/subschemas.js';
import { Effort } from './effort.js';
import {
  inside,
  keywordsOf,
  mapOf,
  namesOf,
  numberOf,
  resolve,
  schemasOf,
  type LocatedSchema,
} from './located-schema.js';

/** Yes, no, or undefined where it cannot be told. */
type Answer = boolean | undefined;

/** How deep one is, and what is left: unions that lead to each other would never end. */
interface Position {
  readonly depth: number;
  readonly effort: Effort;
}

const MAX_DEPTH = 32;
const MAX_STEPS = 100_000;

/**
 * Whether a schema takes a value; undefined where that depends on a keyword that is not known here, or takes too long to
 * tell.
 *
 * @param whole - what this question is a part of
 */
export function accepts(located: LocatedSchema, value: unknown, whole?: Effort): Answer {
  return decide(located, value, { depth: 0, effort: new Effort(MAX_STEPS, whole) });
}

function decide(located: LocatedSchema, value: unknown, { depth, effort }: Position): Answer {
  if (depth > MAX_DEPTH || !effort.spend()) return undefined;
  const resolved = resolve(located);
  if (resolved === undefined) return undefined;
  const deeper = { depth: depth + 1, effort };
  const { schema } = resolved;
  if (!isSchemaObject(schema)) return schema;
  const answerOf = (sub: unknown): Answer => decide(inside(resolved, sub), value, deeper);
  return all(
    keywordsOf(schema).map((keyword) => {
      const operand = schema[keyword];
      switch (keyword) {
        case 'type':
          return [operand].flat().some((type) => isOfType(value, type));
        case 'const':
          return equals(operand, value);
        case 'enum':
          return schemasOf(operand).some((item) => equals(item, value));
        case 'allOf':
          return all(schemasOf(operand).map(answerOf));
        case 'anyOf':
          return not(all(schemasOf(operand).map((sub) => not(answerOf(sub)))));
        case 'oneOf':
          return exactlyOne(schemasOf(operand).map(answerOf));
        case 'not':
          return not(answerOf(operand));
        default:
          return ofItsType(resolved, keyword, operand, value, deeper);
      }
    }),
  );
}

function ofItsType(
  parent: LocatedSchema,
  keyword: string,
  operand: unknown,
  value: unknown,
  position: Position,
): Answer {
  if (typeof value === 'string') return ofText(keyword, operand, value);
  if (typeof value === 'number') return ofNumber(keyword, operand, value);
  if (Array.isArray(value)) return ofList(parent, keyword, operand, value as readonly unknown[], position);
  // Only keywords of lists and objects are left for those, and they say nothing of the rest.
  if (!isSchemaObject(value)) return KNOWN_OF_OTHERS.has(keyword) || undefined;
  return ofObject(parent, keyword, operand, value, position);
}

function ofList(
  parent: LocatedSchema,
  keyword: string,
  operand: unknown,
  value: readonly unknown[],
  position: Position,
): Answer {
  const fits = (sub: unknown, item: unknown): Answer => decide(inside(parent, sub), item, position);
  const leading = schemasOf(mapOf(parent.schema)['prefixItems']);
  switch (keyword) {
    case 'prefixItems':
      return all(value.slice(0, leading.length).map((item, index) => fits(leading[index], item)));
    case 'items':
      // A list of them is the tuple of draft 7.
      return Array.isArray(operand) ? undefined : all(value.slice(leading.length).map((item) => fits(operand, item)));
    case 'minItems':
      return value.length >= (numberOf(operand) ?? NaN);
    case 'maxItems':
      return value.length <= (numberOf(operand) ?? NaN);
    case 'uniqueItems':
      return operand !== true || new Set(value.map(sorted)).size === value.length;
    default:
      return KNOWN_OF_OTHERS.has(keyword) || undefined;
  }
}

function ofObject(
  parent: LocatedSchema,
  keyword: string,
  operand: unknown,
  value: SchemaObject,
  position: Position,
): Answer {
  const fits = (sub: unknown, item: unknown): Answer => decide(inside(parent, sub), item, position);
  const names = Object.keys(value);
  switch (keyword) {
    case 'required':
      return namesOf(operand).every((name) => Object.hasOwn(value, name));
    case 'properties':
      return all(
        Object.entries(mapOf(operand)).map(([name, sub]) => !Object.hasOwn(value, name) || fits(sub, value[name])),
      );
    case 'additionalProperties': {
      const { properties, patternProperties } = mapOf(parent.schema);
      if (patternProperties !== undefined) return operand === true || undefined;
      const others = names.filter((name) => !Object.hasOwn(mapOf(properties), name));
      return all(others.map((name) => fits(operand, value[name])));
    }
    case 'propertyNames':
      return all(names.map((name) => fits(operand, name)));
    case 'minProperties':
      return names.length >= (numberOf(operand) ?? NaN);
    case 'maxProperties':
      return names.length <= (numberOf(operand) ?? NaN);
    default:
      return (KNOWN_OF_OTHERS.has(keyword) && keyword !== 'patternProperties') || undefined;
  }
}

const TEXT = ['minLength', 'maxLength', 'pattern', 'format'];
const NUMBERS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const LISTS = ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'];
const OBJECTS = ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'];
const OBJECT_SIZES = ['minProperties', 'maxProperties'];
const KNOWN_OF_OTHERS: ReadonlySet<string> = new Set([...TEXT, ...NUMBERS, ...LISTS, ...OBJECTS, ...OBJECT_SIZES]);

function ofText(keyword: string, operand: unknown, value: string): Answer {
  // Characters, as JSON Schema counts them, not UTF-16 units.
  if (keyword === 'minLength') return Array.from(value).length >= (numberOf(operand) ?? NaN);
  if (keyword === 'maxLength') return Array.from(value).length <= (numberOf(operand) ?? NaN);
  if (keyword === 'pattern') return matches(operand, value);
  return keyword === 'format' || !KNOWN_OF_OTHERS.has(keyword) ? undefined : true;
}

function ofNumber(keyword: string, bound: unknown, value: number): Answer {
  if (typeof bound !== 'number') return (KNOWN_OF_OTHERS.has(keyword) && !NUMBERS.includes(keyword)) || undefined;
  if (keyword === 'minimum') return value >= bound;
  if (keyword === 'maximum') return value <= bound;
  if (keyword === 'exclusiveMinimum') return value > bound;
  if (keyword === 'exclusiveMaximum') return value < bound;
  // Of fractions, a remainder says nothing certain.
  if (keyword === 'multipleOf')
    return Number.isSafeInteger(value) && Number.isSafeInteger(bound) ? value % bound === 0 : undefined;
  return KNOWN_OF_OTHERS.has(keyword) || undefined;
}

function matches(pattern: unknown, value: string): Answer {
  return patternOf(pattern)?.test(value);
}

/** A pattern as its schema's author may have meant it: not all that is one without the flag `u` is one with it. */
export function patternOf(pattern: unknown): RegExp | undefined {
  if (typeof pattern !== 'string') return undefined;
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // Perhaps without the flag.
    }
  }
  return undefined;
}

export function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return isSchemaObject(value);
    default:
      return typeof value === type;
  }
}

function equals(a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isSchemaObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

function all(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

function not(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer;
}

function exactlyOne(answers: readonly Answer[]): Answer {
  if (answers.filter((answer) => answer === true).length > 1) return false;
  if (answers.includes(undefined)) return undefined;
  return answers.includes(true);
}
