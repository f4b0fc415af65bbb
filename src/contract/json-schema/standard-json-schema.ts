import type { StandardSchema } from '../standard-schema.js';

/** `input`: what a schema accepts, so what consumers read. `output`: what it returns, so what is written. */
export type JsonSchemaForm = 'input' | 'output';

/** The dialect of JSON Schema. */
export type JsonSchemaTarget = 'draft-2020-12' | 'draft-07';

interface ConverterOptions {
  readonly target: JsonSchemaTarget;
  readonly libraryOptions?: object | undefined;
}

/** Standard JSON Schema (version 1), as far as it is read here. Either form may throw where a schema has none. */
export interface JsonSchemaConverter {
  readonly input?: (options: ConverterOptions) => unknown;
  readonly output?: (options: ConverterOptions) => unknown;
}

/** What makes JSON Schema of a schema; undefined where its library does not offer it. */
export function jsonSchemaConverter(schema: StandardSchema): JsonSchemaConverter | undefined {
  return (schema['~standard'] as { readonly jsonSchema?: JsonSchemaConverter }).jsonSchema;
}
