type Shape = Readonly<Record<string, unknown>>;

/** Keywords under which a schema has others for the same value. */
const COMBINED = ['allOf', 'anyOf', 'oneOf'] as const;
const CONDITIONAL = ['if', 'then', 'else', '$dynamicRef', 'dependentSchemas', 'unevaluatedProperties'] as const;
/** Keywords without which a schema says nothing of a value's members. */
const SAYING = ['type', 'properties', 'enum', 'const', '$ref', ...COMBINED] as const;

/**
 * Whether data may hold something at a path of names. `false` only where the schema says of everything on the way which
 * members it has, and one of the names is none of them.
 *
 * @param root - a JSON Schema; where it is undefined, there may be anything
 */
export function mayHold(root: unknown, names: readonly string[]): boolean {
  let here: readonly unknown[] = [root];
  // Each once: they may refer to each other, and would become more with every name.
  for (const name of names) {
    const shapes = [...new Set(here.flatMap((node) => shapesOf(root, node)))];
    if (shapes.some(isSilent)) return true;
    here = [...new Set(shapes.flatMap((shape) => memberOf(shape as Shape, name)))];
    if (here.length === 0) return false;
  }
  return true;
}

/** A schema with all that is combined in it, each once: they may refer to each other. */
function shapesOf(root: unknown, first: unknown): readonly unknown[] {
  const found = new Set<unknown>();
  const pending = [first];
  while (pending.length > 0) {
    const node = pending.pop();
    if (found.has(node)) continue;
    found.add(node);
    if (!isObject(node)) continue;
    for (const keyword of COMBINED) if (Array.isArray(node[keyword])) pending.push(...(node[keyword] as unknown[]));
    if (node['$ref'] !== undefined) pending.push(referred(root, node['$ref']));
  }
  found.delete(false);
  return [...found];
}

function memberOf(shape: Shape, name: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties } = shape;
  if (isObject(properties) && Object.hasOwn(properties, name)) return [properties[name]];
  const patterned = isObject(patternProperties) ? Object.values(patternProperties) : [];
  return additionalProperties === undefined ? patterned : [...patterned, additionalProperties].filter(isNotFalse);
}

/** Whether a schema does not tell what members a value has. */
function isSilent(node: unknown): boolean {
  if (!isObject(node)) return true;
  return !SAYING.some((keyword) => keyword in node) || CONDITIONAL.some((keyword) => keyword in node);
}

/** @returns undefined, which is silent, where it is not in the same document */
function referred(root: unknown, ref: unknown): unknown {
  if (typeof ref !== 'string' || !/^#(?:\/|$)/.test(ref)) return undefined;
  let node = root;
  for (const token of ref.split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Shape)[token.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return node;
}

function isNotFalse(node: unknown): boolean {
  return node !== false;
}

function isObject(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
