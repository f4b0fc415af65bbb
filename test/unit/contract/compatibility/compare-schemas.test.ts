import { Ajv2020 } from 'ajv/dist/2020.js';
import { type as ark } from 'arktype';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compareSchemas } from '../../../../src/contract/compatibility/compare-schemas.js';
import { jsonSchemaOf } from '../../../../src/contract/json-schema/contract-json-schema.js';
import type { JsonSchema } from '../../../../src/contract/json-schema/subschemas.js';
import type { StandardSchema } from '../../../../src/contract/standard-schema.js';

/** `!` certain, `?` undecided. */
function found(written: JsonSchema, read: JsonSchema): string[] {
  return compareSchemas(written, read).map(
    ({ verdict, place, reason }) => `${verdict === 'certain' ? '!' : '?'} ${place} ${reason}`,
  );
}

function evolved(from: StandardSchema, to: StandardSchema): string[] {
  const contract = (schema: StandardSchema) => ({ eventType: 'a.v1', schema }) as const;
  return found(jsonSchemaOf(contract(from), 'output'), jsonSchemaOf(contract(to), 'input'));
}

const order = { orderId: z.string(), total: z.number() };
const card = z.object({ kind: z.literal('card'), last4: z.string() });
const cash = z.object({ kind: z.literal('cash'), amount: z.number() });
const tree = (name: z.ZodType) => {
  const node: z.ZodType = z.object({ name, children: z.lazy(() => z.array(node)) });
  return node;
};

describe('a change that readers bear', () => {
  it.each<[what: string, from: StandardSchema, to: StandardSchema]>([
    ['nothing', z.object(order), z.object(order)],
    ['a new optional field', z.object(order), z.object({ ...order, note: z.string().optional() })],
    ['a new field with a default', z.object(order), z.object({ ...order, currency: z.string().default('EUR') })],
    ['a field that is gone', z.object(order), z.object({ orderId: z.string() })],
    ['a field that becomes optional', z.object(order), z.object({ ...order, total: z.number().optional() })],
    ['a field that becomes nullable', z.object(order), z.object({ ...order, total: z.number().nullable() })],
    ['whole numbers that become numbers', z.object({ a: z.int() }), z.object({ a: z.number() })],
    ['more room', z.object({ a: z.string().max(5) }), z.object({ a: z.string().max(6) })],
    ['one more value', z.object({ a: z.enum(['x']) }), z.object({ a: z.enum(['x', 'y']) })],
    ['a value that becomes text', z.object({ a: z.enum(['x', 'y']) }), z.object({ a: z.string() })],
    ['one more branch', z.object({ p: card }), z.object({ p: z.discriminatedUnion('kind', [card, cash]) })],
    [
      'branches in another order',
      z.discriminatedUnion('kind', [card, cash]),
      z.discriminatedUnion('kind', [cash, card]),
    ],
    ['the same tree', tree(z.string()), tree(z.string())],
    ['a tree of more', tree(z.string()), tree(z.string().nullable())],
    ['a fixed list that becomes any', z.tuple([z.string(), z.string()]), z.array(z.string()).min(2)],
    ['a record of fewer names', z.object({ a: z.number() }), z.record(z.string(), z.number())],
    ['the same format', z.object({ at: z.iso.datetime() }), z.object({ at: z.iso.datetime() })],
    ['anything', z.object(order), z.any()],
    ['a title', z.string(), z.string().meta({ title: 'a', description: 'b', examples: ['c'] })],
    ['whole numbers above', ark('number.integer > 0'), ark('number.integer >= 1')],
    ['all of it', z.json(), z.json()],
  ])('%s', (_, from, to) => {
    expect(evolved(from, to)).toEqual([]);
  });
});

describe('a change that readers do not bear', () => {
  it.each<[what: string, from: StandardSchema, to: StandardSchema, findings: string[]]>([
    [
      'a new required field',
      z.object(order),
      z.object({ ...order, lines: z.array(z.object({ sku: z.string() })) }),
      ['! lines is required by readers, and is never written'],
    ],
    [
      'a field that becomes required',
      z.object({ o: z.object({ note: z.string().optional() }) }),
      z.object({ o: z.object({ note: z.string() }) }),
      ['! o.note is required by readers, and may be missing'],
    ],
    [
      'another type, deep inside',
      z.object({ lines: z.array(z.object({ sku: z.string() })) }),
      z.object({ lines: z.array(z.object({ sku: z.number() })) }),
      ['! lines[].sku is written as string and read as number'],
    ],
    [
      'a field that was nullable',
      z.object({ a: z.string().nullable() }),
      z.object({ a: z.string() }),
      ['! a may be null, which is not read'],
    ],
    [
      'a value that is gone',
      z.object({ a: z.enum(['x', 'y']) }),
      z.object({ a: z.enum(['x', 'z']) }),
      ['! a may be "y", which is not read'],
    ],
    [
      'text that becomes a list of values',
      z.object({ a: z.string() }),
      z.object({ a: z.enum(['x']) }),
      ['! a may be any value of its type, and only some are read'],
    ],
    [
      'a branch that is gone',
      z.object({ p: z.discriminatedUnion('kind', [card, cash]) }),
      z.object({ p: z.discriminatedUnion('kind', [card]) }),
      ['! p fits none of the forms that are read'],
    ],
    [
      'a branch that changes',
      z.discriminatedUnion('kind', [card, cash]),
      z.discriminatedUnion('kind', [card, cash.extend({ amount: z.string() })]),
      ['! amount is written as number and read as string'],
    ],
    [
      'a strict reader',
      z.object(order),
      z.strictObject({ orderId: z.string() }),
      ['! total may be written, and is refused by readers'],
    ],
    [
      'less room',
      z.object({ a: z.string().max(5), b: z.array(z.number()), c: z.number() }),
      z.object({ a: z.string().min(1).max(4), b: z.array(z.number()).max(3), c: z.number().gt(0).max(9) }),
      [
        '! a is read with 1 characters or more, and may have fewer',
        '! a is read with 4 characters or fewer, and may have more',
        '! b is read with 3 items or fewer, and may have more',
        '! c is read above 0, and may be less',
        '! c is read up to 9, and may be more',
      ],
    ],
    ['numbers that become whole', z.number(), z.int(), ['! (root) is written as number and read as integer']],
    ['a pattern', z.string(), z.string().regex(/^a/), ['! (root) is read in a pattern that it may not be written in']],
    ['a tree of less', tree(z.string().nullable()), tree(z.string()), ['! name may be null, which is not read']],
    ['a fixed list', z.array(z.string()), z.tuple([z.string()]), expect.any(Array) as never],
    ['anything that becomes text', z.any(), z.string(), ['! (root) may be anything, and not all is read']],
  ])('%s', (_, from, to, findings) => {
    expect(evolved(from, to)).toEqual(findings);
    expect(evolved(from, to)).not.toEqual([]);
  });
});

describe('what cannot be decided', () => {
  it.each<[what: string, written: JsonSchema, read: JsonSchema, finding: string]>([
    [
      'two patterns',
      { type: 'string', pattern: '^a+$' },
      { type: 'string', pattern: '^a*$' },
      '? (root) is read in a pattern that it may not be written in',
    ],
    [
      'forms that only together take all',
      { type: 'number' },
      {
        anyOf: [
          { type: 'number', minimum: 0 },
          { type: 'number', maximum: 0 },
        ],
      },
      '? (root) fits no single form that is read',
    ],
    [
      'forms of which only one may fit',
      { type: 'integer' },
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      '? (root) may fit more than one form of which only one is read',
    ],
    [
      'a condition',
      { type: 'object' },
      { type: 'object', if: { required: ['a'] }, then: { required: ['b'] } },
      '? (root) is read under a condition that is not compared (if)',
    ],
    [
      'a keyword of another draft',
      { type: 'object' },
      { type: 'object', sometimes: true },
      '? (root) is read under a keyword that is not known (sometimes)',
    ],
    ['what is not there', { $ref: '#/$defs/a' }, { type: 'string' }, '? (root) refers to a schema that is not there'],
    [
      'a reference to elsewhere',
      { type: 'string' },
      { $ref: 'https://example.com/a.json' },
      '? (root) refers to a schema that is not there',
    ],
    ['a circle', { type: 'string' }, { anyOf: [{ $ref: '#' }] }, '? (root) refers to itself'],
    [
      'what is written less than it seems',
      { type: 'string', not: { const: 'b' } },
      { enum: ['a'] },
      '? (root) may be any value of its type, and only some are read',
    ],
    [
      'names by pattern',
      { type: 'object' },
      { type: 'object', patternProperties: { '^a': { type: 'string' } } },
      '? (root) is read under a condition that is not compared (patternProperties)',
    ],
  ])('%s', (_, written, read, finding) => {
    expect(found(written, read)).toEqual([finding]);
  });

  it.each<[keyword: string, written: object, read: object]>([
    ['items', { items: [{ type: 'string' }] }, { items: [{ type: 'number' }] }],
    ['items', { items: { type: 'string' } }, { items: [{ type: 'number' }] }],
    ['nullable', { items: { type: 'string', nullable: true } }, { items: { type: 'string' } }],
    [
      'exclusiveMinimum',
      { items: { type: 'number', minimum: 5 } },
      { items: { type: 'number', minimum: 5, exclusiveMinimum: true } },
    ],
    ['anyOf', { items: { type: 'string' } }, { items: { anyOf: { type: 'number' } } }],
  ])('is not passed over where %s is of another draft', (keyword, written, read) => {
    expect(found({ type: 'array', ...written }, { type: 'array', ...read })).toEqual([
      expect.stringMatching(new RegExp(`^\\? .* has a keyword as draft 2020-12 has none \\(${keyword}\\)$`)),
    ]);
  });

  it('is never how a constant or a property called like an annotation differ', () => {
    expect(found({ const: { title: 'a' } }, { const: { title: 'b' } })).not.toEqual([]);
    const of = (type: string) => ({
      type: 'object',
      properties: { 'x-a': { type }, title: { type }, examples: { type } },
    });
    expect(found(of('string'), of('number'))).toHaveLength(3);
  });

  it('is said in time where schemas that refer to themselves have many branches', () => {
    const many = (leaf: string): JsonSchema => ({
      $defs: { leaf: { type: leaf } },
      anyOf: Array.from({ length: 12 }, (_, index) => ({
        type: 'object',
        properties: { a: { $ref: '#' }, b: { $ref: '#/$defs/leaf' }, c: { maxLength: index } },
      })),
    });
    expect(found(many('string'), many('number')).every((finding) => finding.startsWith('? '))).toBe(true);
  });
});

// What is called compatible is so: a second validator never takes a value of the first schema and refuses it
// with the second one.
describe('no finding', () => {
  const word = fc.constantFrom('a', 'b', 'ab', '', 'abc');
  const small = fc.integer({ min: -2, max: 3 });
  const optional = (keywords: Record<string, fc.Arbitrary<unknown>>) => fc.record(keywords, { requiredKeys: [] });
  const { schema } = fc.letrec<{ schema: JsonSchema; leaf: JsonSchema }>((tie) => ({
    leaf: fc.oneof(
      fc.constantFrom<JsonSchema>(true, false, { type: 'boolean' }, { type: 'null' }, { type: ['string', 'null'] }),
      fc.record({ enum: fc.uniqueArray(fc.oneof(word, small, fc.constant(null)), { minLength: 1, maxLength: 4 }) }),
      fc.record({ const: fc.oneof(word, small) }),
      fc
        .tuple(optional({ minLength: fc.nat(2), maxLength: fc.nat(3), pattern: fc.constantFrom('^a', 'b') }))
        .map(([more]) => ({ type: 'string', ...more })),
      fc
        .tuple(
          fc.constantFrom('number', 'integer'),
          optional({
            minimum: small,
            maximum: small,
            exclusiveMinimum: small,
            exclusiveMaximum: small,
            multipleOf: fc.constantFrom(1, 2, 0.5),
          }),
        )
        .map(([type, more]) => ({ type, ...more })),
    ),
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie('leaf'),
      optional({
        type: fc.constantFrom('object', ['object', 'string']),
        properties: optional({ a: tie('schema'), b: tie('schema') }),
        required: fc.subarray(['a', 'b']),
        additionalProperties: tie('schema'),
        patternProperties: optional({ '^a': tie('schema') }),
        propertyNames: fc.constantFrom({ enum: ['a', 'b'] }, { maxLength: 1 }),
        minProperties: fc.nat(2),
        maxProperties: fc.nat(3),
      }),
      optional({
        type: fc.constant('array'),
        items: tie('schema'),
        prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        minItems: fc.nat(2),
        maxItems: fc.nat(3),
        uniqueItems: fc.boolean(),
        contains: tie('leaf'),
      }),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      optional({ not: tie('leaf'), type: fc.constantFrom('string', 'number') }),
      fc.record({ type: fc.constant('object'), properties: fc.record({ a: fc.constant({ $ref: '#' }) }) }),
    ),
  }));
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.oneof(word, small, fc.constantFrom(null, true, false, 0.5, 1.5)),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'c'), tie('any'), { maxKeys: 3 }),
    ),
  })).any;

  /** One that differs from another in a place, so that many pairs are close to each other. */
  const pair = fc.oneof(
    fc.tuple(schema, schema),
    fc.tuple(schema, schema).map(([a, b]): [JsonSchema, JsonSchema] => [a, { anyOf: [b, a] }]),
    fc.tuple(schema, schema).map(([a, b]): [JsonSchema, JsonSchema] => [{ allOf: [a, b] }, a]),
    fc.tuple(schema, schema, schema).map(([a, b, c]): [JsonSchema, JsonSchema] => [
      { type: 'object', properties: { a, b }, required: ['a'], additionalProperties: false },
      { type: 'object', properties: { a: { anyOf: [a, c] }, b } },
    ]),
  );

  it('means that everything that is written is read, says another validator', () => {
    let compatible = 0;
    let read = 0;
    fc.assert(
      fc.property(pair, fc.array(value, { minLength: 25, maxLength: 25 }), ([from, to], values) => {
        if (compareSchemas(from, to).length > 0) return;
        compatible += 1;
        const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });
        const [writes, reads] = [ajv.compile(from), ajv.compile(to)];
        // Objects without a prototype are nothing that JSON gives.
        for (const each of JSON.parse(JSON.stringify(values)) as unknown[]) {
          if (!writes(each)) continue;
          read += 1;
          expect(reads(each), JSON.stringify(each)).toBe(true);
        }
      }),
      { numRuns: Number(process.env['TENANTRY_COMPARE_RUNS'] ?? 300) },
    );
    expect(compatible).toBeGreaterThan(30);
    expect(read).toBeGreaterThan(100);
  });

  it('is there for most changes that only add', () => {
    fc.assert(
      fc.property(schema, (same) => {
        expect(compareSchemas(same, true)).toEqual([]);
        if (!JSON.stringify(same).includes('$ref')) expect(compareSchemas(same, structuredClone(same))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
