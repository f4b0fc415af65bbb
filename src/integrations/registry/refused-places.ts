import type { SchemaText } from '../../serde/registry/schema-text.js';

const POINTER = /\/[\w$.-]+(?:\/[\w$.-]+)*/g;
const MAX_PLACES = 20;

/**
 * The fields that a registry names where it refuses a schema. Its words must not leave, so only places are taken from
 * them, and only such that one of the schemas really has; they are shown as the fields' names.
 */
export function refusedPlaces(words: readonly string[], schemas: readonly SchemaText[]): string[] {
  const places = new Set<string>();
  for (const [pointer] of words.flatMap((text) => [...text.matchAll(POINTER)])) {
    const steps = pointer.slice(1).split('/');
    for (const schema of schemas) {
      const place =
        schema.schemaType === 'PROTOBUF' ? placeInText(steps, schema.schema) : placeInJson(steps, schema.schema);
      if (place === undefined || place === '') continue;
      places.add(place);
      break;
    }
  }
  return [...places].slice(0, MAX_PLACES);
}

/** JSON Schema and Avro are JSON; a pointer leads through it. */
function placeInJson(steps: readonly string[], text: string): string | undefined {
  const names: string[] = [];
  let node: unknown;
  try {
    node = JSON.parse(text);
  } catch {
    return undefined;
  }
  let isName = false;
  for (const step of steps) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
    const isList = Array.isArray(node);
    node = Reflect.get(node, step);
    if (isName) names.push(step);
    // Avro keeps the fields of a record in a list.
    else if (isList && typeof node === 'object' && node !== null) names.push(...avroName(node));
    isName = !isName && step === 'properties' && !isList;
  }
  return names.join('.');
}

function avroName(field: object): string[] {
  const name: unknown = Reflect.get(field, 'name');
  return typeof name === 'string' ? [name] : [];
}

function placeInText(steps: readonly string[], text: string): string | undefined {
  const words = new Set(text.split(/\W+/));
  return steps.every((step) => words.has(step)) ? steps.join('.') : undefined;
}
