import type { AnyEventContract } from '../../contract/event-contract.js';
import { jsonSchemaOf } from '../../contract/json-schema/contract-json-schema.js';
import { UNSAID } from '../../contract/json-schema/marks.js';
import { isSchemaObject, mapSubschemas, type SchemaObject } from '../../contract/json-schema/subschemas.js';

/** Formats that mean the same to validators as to the libraries that print a pattern beside them. */
const EXACT_FORMATS: readonly unknown[] = ['date', 'date-time', 'ipv4', 'uuid'];

/**
 * A contract's JSON Schema as a registry gets it: of its output, because that is what is written, in the draft that
 * validators in all languages read, and named after the event, as Confluent's serializers look for the name.
 *
 * It refuses nothing that the contract lets be written: a URL, say, is more to a browser than to RFC 3986.
 *
 * @throws TenantryError `NO_JSON_SCHEMA`
 */
export function registeredJsonSchema(contract: AnyEventContract): string {
  const schema = forValidators(jsonSchemaOf(contract, 'output', 'draft-07')) as SchemaObject;
  return JSON.stringify({ ...schema, title: contract.eventType });
}

function forValidators(schema: unknown): unknown {
  if (!isSchemaObject(schema)) return schema;
  const { [UNSAID]: _, format, ...rest } = mapSubschemas(schema, forValidators);
  const isExact = EXACT_FORMATS.includes(format) && (rest['pattern'] ?? rest['allOf']) !== undefined;
  return isExact ? { ...rest, format } : rest;
}
