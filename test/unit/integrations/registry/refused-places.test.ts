import { describe, expect, it } from 'vitest';
import { refusedPlaces } from '../../../../src/integrations/registry/refused-places.js';
import type { SchemaText, SchemaType } from '../../../../src/serde/registry/schema-text.js';

function text(schemaType: SchemaType, schema: string | object): SchemaText {
  return { schemaType, schema: typeof schema === 'string' ? schema : JSON.stringify(schema), references: [] };
}

const json = text('JSON', {
  type: 'object',
  properties: {
    total: { type: 'string' },
    card: { type: 'object', properties: { properties: { type: 'string' } } },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
  },
});
const avro = text('AVRO', {
  type: 'record',
  name: 'Paid',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'card', type: { type: 'record', name: 'Card', fields: [{ name: 'number', type: 'string' }] } },
  ],
});
const protobuf = text('PROTOBUF', 'syntax = "proto3"; message Shipped { string order_id = 1; }');

describe('the places that a registry names', () => {
  it.each<[string, SchemaText, string, string[]]>([
    ['Apicurio, JSON', json, 'list of diff types: [Subschema type changed at /properties/total]', ['total']],
    ['Confluent, JSON', json, '{description:"… at path \'#/properties/total\' …"}', ['total']],
    [
      'below others',
      json,
      'at /properties/card/properties/properties, /properties/lines/items/properties/sku',
      ['card.properties', 'lines.sku'],
    ],
    ['Apicurio, Avro', avro, 'list of diff types: [method at /fields/0]', ['orderId']],
    ['Confluent, Avro', avro, "at path '/fields/1/type/fields/0'", ['card.number']],
    ['Apicurio, Protobuf', protobuf, 'before: int64 , after string at /Shipped]', ['Shipped']],
    ['Confluent, Protobuf', protobuf, "a field at path '#/Shipped/1'", ['Shipped.1']],
    ['nothing', json, 'it is not compatible', []],
  ])('are read from %s', (_, schema, words, places) => {
    expect(refusedPlaces([words], [schema])).toEqual(places);
  });

  it('may be of the schema before, where a field was removed', () => {
    const before = text('JSON', { properties: { gone: {} } });
    expect(refusedPlaces(['at /properties/gone'], [json, before])).toEqual(['gone']);
  });

  it('threat 37: are only such that a schema has; no other word leaves', () => {
    const words = [
      'at /secret/4711 /properties/secret /etc/passwd /properties/__proto__/x /fields/9 /properties/constructor',
    ];
    expect(refusedPlaces(words, [json, avro, protobuf])).toEqual([]);
    expect(refusedPlaces(words, [text('JSON', 'not JSON')])).toEqual([]);
  });
});
