import { UNSAID } from '../json-schema/marks.js';
import {
  ANNOTATIONS,
  isSchemaObject,
  mapSubschemas,
  type JsonSchema,
  type SchemaObject,
} from '../json-schema/subschemas.js';
import type { Effort } from './effort.js';

/** Characters of text that cost as much as a step elsewhere. */
const CHARACTERS_PER_STEP = 1_000;

/** A schema inside of a document, where its references lead. */
export interface LocatedSchema {
  readonly schema: JsonSchema;
  readonly root: SchemaObject;
}

const MAX_REFERENCES = 32;
const DEFINITIONS: ReadonlySet<string> = new Set(['$defs', 'definitions']);

/** Another part of the same document. */
export function inside({ root }: LocatedSchema, schema: unknown): LocatedSchema {
  return { root, schema: isSchemaObject(schema) || typeof schema === 'boolean' ? schema : true };
}

/** The keywords of a schema that say something about values. */
export function keywordsOf(schema: SchemaObject): readonly string[] {
  return Object.keys(schema).filter(
    (keyword) =>
      !ANNOTATIONS.has(keyword) && !DEFINITIONS.has(keyword) && (!keyword.startsWith('x-') || keyword === UNSAID),
  );
}

/** A schema without some of its keywords, its annotations and its definitions. */
export function without(schema: SchemaObject, ...keywords: readonly string[]): SchemaObject {
  const kept = keywordsOf(schema).filter((keyword) => !keywords.includes(keyword));
  return Object.fromEntries(kept.map((keyword) => [keyword, schema[keyword]]));
}

/**
 * Follows references.
 *
 * @returns undefined where one leads nowhere, in a circle, or out of the document
 */
export function resolve(located: LocatedSchema): LocatedSchema | undefined {
  let { schema } = located;
  for (let hops = 0; hops < MAX_REFERENCES; hops += 1) {
    if (!isSchemaObject(schema) || !('$ref' in schema)) return { ...located, schema };
    const referred = lookUp(located.root, schema['$ref']);
    if (referred === undefined) return undefined;
    const others = without(schema, '$ref');
    if (Object.keys(others).length > 0) return { ...located, schema: together(schema, others, referred) };
    schema = referred;
  }
  return undefined;
}

/** The same schema each time, so that who comes here again knows it. */
function together(referring: SchemaObject, others: SchemaObject, referred: JsonSchema): SchemaObject {
  const known = combinations.get(referring);
  if (known?.referred === referred) return known.schema;
  const schema = { allOf: [others, referred] };
  combinations.set(referring, { referred, schema });
  return schema;
}

const combinations = new WeakMap<SchemaObject, { readonly referred: JsonSchema; readonly schema: SchemaObject }>();

function lookUp(root: SchemaObject, reference: unknown): JsonSchema | undefined {
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference)) return undefined;
  const known = targets.get(root) ?? new Map<string, JsonSchema | undefined>();
  targets.set(root, known);
  if (!known.has(reference)) known.set(reference, target(root, reference));
  return known.get(reference);
}

/** By their root, which nobody changes. */
const targets = new WeakMap<SchemaObject, Map<string, JsonSchema | undefined>>();

function target(root: SchemaObject, reference: string): JsonSchema | undefined {
  let node: unknown = root;
  for (const token of reference.split('/').slice(1)) {
    const name = decoded(token).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined;
    node = Reflect.get(node, name);
  }
  return isSchemaObject(node) || typeof node === 'boolean' ? node : undefined;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

/** Whether two schemas say the same of values by themselves. One that refers elsewhere does not. */
export function isSame(a: JsonSchema, b: JsonSchema, effort?: Effort): boolean {
  const [text, other] = [canonical(a, effort), canonical(b, effort)];
  return text === other && !text.includes('"$ref"') && !text.includes('"$dynamicRef"');
}

/** Text that is the same for schemas that differ only in annotations and in the order of their keywords. */
export function canonical(schema: JsonSchema, effort?: Effort): string {
  if (!isSchemaObject(schema)) return JSON.stringify(schema);
  const known = canonicalTexts.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(bare(schema));
  effort?.spend(Math.ceil(text.length / CHARACTERS_PER_STEP));
  canonicalTexts.set(schema, text);
  return text;
}

const canonicalTexts = new WeakMap<SchemaObject, string>();

function bare(schema: unknown): unknown {
  if (!isSchemaObject(schema)) return schema;
  const kept = mapSubschemas(without(schema), bare);
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function schemasOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function namesOf(value: unknown): readonly string[] {
  return schemasOf(value).filter((name) => typeof name === 'string');
}

export function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return isSchemaObject(value) ? value : {};
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
