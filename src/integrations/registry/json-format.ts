import type { AnyEventContract } from '../../contract/event-contract.js';
import { jsonSerde } from '../../serde/json-serde.js';
import { registeredJsonSchema } from '../../serde/registry/registered-json-schema.js';
import type { ContractFormat } from './contract-format.js';
import { sameJson } from './same-json.js';
import { invalidContract } from '../../serde/registry/invalid-contract.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';

/**
 * JSON, framed. The contract validates every value in both directions, so no schema that came from the registry is
 * ever compiled: it would be code of somebody else's, and tell nothing more.
 */
export function jsonFormat(contract: AnyEventContract, text: string | undefined): ContractFormat {
  // Made when it is first published under: to read, a contract needs none.
  let made: SchemaText | undefined;
  const own = (): SchemaText =>
    (made ??= { schemaType: 'JSON', schema: text ?? registeredJsonSchema(contract), references: [] });
  const given = text === undefined ? undefined : parsed(text);
  if (text !== undefined && (typeof given !== 'object' || given === null))
    throw invalidContract(contract, 'its JSON Schema is not JSON');
  const title = text === undefined ? contract.eventType : titleOf(given);
  const isOfThisEvent = (registered: SchemaText): boolean => {
    if (registered.schemaType !== 'JSON') return false;
    const other = titleOf(parsed(registered.schema));
    return title === undefined || other === undefined || other === title;
  };
  return {
    get own() {
      return own();
    },
    recordName: title ?? contract.eventType,
    isOwn: ({ schemaType, schema }) =>
      Promise.resolve(schemaType === 'JSON' && sameJson(parsed(own().schema), parsed(schema))),
    writer: (registered) =>
      Promise.resolve(isOfThisEvent(registered) ? (value) => jsonSerde.encode(contract, value) : undefined),
    reader: (registered) =>
      Promise.resolve(isOfThisEvent(registered) ? (payload) => jsonSerde.decode(contract, payload) : undefined),
    release: (payload) => {
      jsonSerde.release(contract, payload);
    },
  };
}

function titleOf(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const title: unknown = Reflect.get(schema, 'title');
  return typeof title === 'string' ? title : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
