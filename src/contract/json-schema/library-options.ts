import type { StandardSchema } from '../standard-schema.js';
import { arktypeOptions, withArktypeFlags } from './arktype-options.js';
import type { JsonSchemaForm, JsonSchemaTarget } from './standard-json-schema.js';
import type { SchemaObject } from './subschemas.js';
import { valibotOptions } from './valibot-options.js';
import { zodOptions } from './zod-options.js';

/**
 * Asks a library to mark what has no JSON Schema, in place of failing at the first such part or hiding it, and what it
 * leaves unsaid.
 */
export function markingOptions(vendor: string, form: JsonSchemaForm, target: JsonSchemaTarget): object | undefined {
  return OPTIONS.get(vendor)?.(form, target);
}

/** What a library printed, with what it left unsaid and could not be asked to mark. */
export function withLeftOut(schema: StandardSchema, converted: SchemaObject): SchemaObject {
  return schema['~standard'].vendor === 'arktype' ? withArktypeFlags(schema, converted) : converted;
}

const OPTIONS: ReadonlyMap<string, (form: JsonSchemaForm, target: JsonSchemaTarget) => object> = new Map([
  ['zod', zodOptions],
  ['arktype', arktypeOptions],
  ['valibot', valibotOptions],
]);
