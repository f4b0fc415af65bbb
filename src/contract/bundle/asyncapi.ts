import { isSchemaObject, mapSubschemas, type JsonSchema } from '../json-schema/subschemas.js';
import { PROTECTIONS } from './protections.js';
import type { BundledContract, ContractBundle } from './bundle.js';

/**
 * The AsyncAPI 3.0 document of a bundle: a channel for each topic, a message for each contract. Schemas become draft
 * 7, the dialect that AsyncAPI's own is made of.
 */
export function asyncApiDocument({ name, version, contracts }: ContractBundle): object {
  const topics = [...new Set(contracts.map(({ topic }) => topic))].sort();
  const messagesOf = (topic: string): readonly string[] =>
    contracts.filter((contract) => contract.topic === topic).map(({ eventType }) => eventType);
  return {
    asyncapi: '3.0.0',
    info: { title: name, version },
    defaultContentType: 'application/json',
    channels: byName(topics, (topic) => ({
      address: topic,
      title: topic,
      description: `The logical topic ${topic}; a naming policy of the application may put it elsewhere.`,
      messages: byName(messagesOf(topic), (eventType) => ({ $ref: `#/components/messages/${eventType}` })),
    })),
    operations: byName(
      topics,
      (topic) => ({
        action: 'send',
        channel: { $ref: `#/channels/${topic}` },
        messages: messagesOf(topic).map((eventType) => ({ $ref: `#/channels/${topic}/messages/${eventType}` })),
      }),
      (topic) => `publish-${topic}`,
    ),
    components: {
      messages: Object.fromEntries(contracts.map((contract) => [contract.eventType, messageOf(contract)])),
      schemas: Object.fromEntries(
        contracts.map(({ eventType, output }) => [eventType, draft7(output, `#/components/schemas/${eventType}`)]),
      ),
    },
  };
}

function byName(
  names: readonly string[],
  make: (name: string) => object,
  keyOf: (name: string) => string = (name) => name,
): object {
  return Object.fromEntries(names.map((name) => [keyOf(name), make(name)]));
}

function messageOf(contract: BundledContract): object {
  const { eventType, type, version, description, owner, protection, sealedFields, compacted, upcastFrom } = contract;
  return {
    name: eventType,
    title: `${type}, version ${version}`,
    description: [description, PROTECTIONS[protection], compacted ? 'May also be a tombstone: no payload.' : undefined]
      .filter((sentence) => sentence !== undefined)
      .join('\n\n'),
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['tenant-id', 'event-type', 'event-id'],
      properties: {
        'tenant-id': { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$' },
        'event-type': { type: 'string', const: eventType },
        'event-id': { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
      },
    },
    payload: { $ref: `#/components/schemas/${eventType}` },
    bindings: {
      kafka: { key: { type: 'string', description: '{tenantId}:{aggregateId}' }, bindingVersion: '0.5.0' },
    },
    ...(contract.examples.length > 0 && { examples: contract.examples.map((payload) => ({ payload })) }),
    'x-tenantry': { protection, sealedFields, compacted, owner, upcastFrom },
  };
}

/** References begin at the root of a schema; inside the document that is elsewhere. */
function draft7(schema: unknown, root: string): JsonSchema {
  if (!isSchemaObject(schema)) return schema as JsonSchema;
  const { $schema: _, $defs, prefixItems, $ref, ...rest } = mapSubschemas(schema, (child) => draft7(child, root));
  const { items, ...others } = rest;
  return {
    ...(prefixItems === undefined ? rest : { ...others, items: prefixItems, additionalItems: items ?? true }),
    ...($defs !== undefined && { definitions: $defs }),
    ...(typeof $ref === 'string' && { $ref: $ref.replace(/^#/, root).replace('/$defs/', '/definitions/') }),
  };
}
