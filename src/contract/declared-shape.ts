import { jsonSchemaConverter, type JsonSchemaForm } from './json-schema/standard-json-schema.js';
import type { StandardSchema } from './standard-schema.js';

// `unrepresentable` is zod's: one field without a JSON form shall not hide the names of all others.
const OPTIONS = { target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } } as const;

/** What a schema tells of its input or its output, as JSON Schema; undefined where it has no JSON form. */
export function declaredShape(schema: StandardSchema, form: JsonSchemaForm): unknown {
  try {
    return jsonSchemaConverter(schema)?.[form]?.(OPTIONS);
  } catch {
    return undefined;
  }
}
