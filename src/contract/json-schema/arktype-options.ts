import type { StandardSchema } from '../standard-schema.js';
import { NO_FORM, withUnsaid } from './marks.js';
import { patternRule } from './pattern-keywords.js';
import { portablePattern } from './portable-pattern.js';
import { isSchemaObject, mapSubschemas, type SchemaObject } from './subschemas.js';

interface ArktypeGap {
  readonly code: string;
  readonly base: object;
}

export function arktypeOptions(): object {
  const keep = ({ base }: ArktypeGap): object => base;
  return {
    fallback: {
      default: ({ base, code }: ArktypeGap) => ({ ...base, [NO_FORM]: code }),
      // The part of a type that is a function of its author's has no other form in any library.
      predicate: keep,
      symbolKey: keep,
      defaultValue: () => undefined,
    },
  };
}

/** The JSON Schema of an arktype schema, with the flags of its patterns: it prints patterns without. */
export function withArktypeFlags(schema: StandardSchema, converted: SchemaObject): SchemaObject {
  const patterns = patternsOf(schema);
  return patterns.size === 0 ? converted : (mended(converted, patterns) as SchemaObject);
}

/** By their source, the patterns that have flags. One that also stands somewhere without is there twice. */
function patternsOf(schema: StandardSchema): ReadonlyMap<string, readonly RegExp[]> {
  const root: unknown = Reflect.get(schema, 'internal');
  const nodes: unknown =
    isSchemaObject(root) || typeof root === 'function' ? Reflect.get(root, 'references') : undefined;
  const all = new Map<string, readonly RegExp[]>();
  for (const node of Array.isArray(nodes) ? (nodes as readonly unknown[]) : []) {
    if (typeof node !== 'object' && typeof node !== 'function') continue;
    const pattern: unknown = Reflect.get(node ?? {}, 'instance');
    if (pattern instanceof RegExp) all.set(pattern.source, [...(all.get(pattern.source) ?? []), pattern]);
  }
  return new Map([...all].filter(([source, found]) => found.some((pattern) => portablePattern(pattern) !== source)));
}

function mended(node: unknown, patterns: ReadonlyMap<string, readonly RegExp[]>): unknown {
  if (!isSchemaObject(node)) return node;
  const schema = mapSubschemas(node, (child) => mended(child, patterns));
  const { pattern, patternProperties, ...rest } = schema;
  const found = typeof pattern === 'string' ? patterns.get(pattern) : undefined;
  const written = found === undefined ? pattern : portableOf(found);
  const rules = found !== undefined && written === undefined ? [ruleOf(found)] : [];
  const names: [string, unknown][] = [];
  for (const [source, value] of Object.entries(isSchemaObject(patternProperties) ? patternProperties : {})) {
    const name = patterns.has(source) ? portableOf(patterns.get(source) ?? []) : source;
    if (name === undefined) rules.push(`names of ${ruleOf(patterns.get(source) ?? [])}: ${JSON.stringify(value)}`);
    else names.push([name, value]);
  }
  return withUnsaid(
    {
      ...rest,
      ...(written !== undefined && { pattern: written }),
      ...(names.length > 0 && { patternProperties: Object.fromEntries(names) }),
    },
    rules,
  );
}

function portableOf(patterns: readonly RegExp[]): string | undefined {
  const [pattern, ...others] = patterns;
  return pattern === undefined || others.length > 0 ? undefined : portablePattern(pattern);
}

function ruleOf(patterns: readonly RegExp[]): string {
  return patterns.map(patternRule).sort().join(' or ');
}
