import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepts } from '../../../../src/contract/compatibility/accepts.js';
import type { SchemaObject } from '../../../../src/contract/json-schema/subschemas.js';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const name = fc.constantFrom('a', 'b', 'c');
const size = optional(fc.integer({ min: 0, max: 3 }));

const { schema } = fc.letrec<{ schema: SchemaObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2 },
    fc.record({ type: fc.constantFrom('string', 'integer', 'boolean', 'null') }),
    fc.record({ enum: fc.constant([1, 'x', null, [1], { a: 1 }]) }),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: size, maxItems: size }),
    fc.record({ type: fc.constant('array'), items: tie('schema'), uniqueItems: fc.boolean() }),
    fc.record({ prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), items: tie('schema') }),
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(name, tie('schema')),
      required: fc.uniqueArray(name, { maxLength: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
    }),
    fc.record({ propertyNames: fc.constant({ enum: ['a', 'b'] }), minProperties: size, maxProperties: size }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
  ),
}));
const given = schema.map((made) => JSON.parse(JSON.stringify(made)) as SchemaObject);

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(1, 2.5, 'x', '', true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    // JSON gives objects with a prototype only, and the other validator tells them from those without.
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });

describe('accepts', () => {
  it('decides of lists and objects as another validator does, and decides all of these keywords', () => {
    fc.assert(
      fc.property(given, value, (one, data) => {
        const isValid = ajv.compile(one)(data);
        expect(accepts({ schema: one, root: one }, data)).toBe(isValid);
      }),
      { numRuns: 200 },
    );
  });

  it('ends where unions lead to each other', () => {
    const union = (to: string) => ({ anyOf: [{ $ref: `#/$defs/${to}` }, { $ref: `#/$defs/${to}` }] });
    const root = { $ref: '#/$defs/a', $defs: { a: union('b'), b: union('a') } };
    expect(accepts({ schema: root, root }, 1)).toBeUndefined();
  });

  it('leaves what it does not know undecided', () => {
    for (const [one, data] of [
      [{ patternProperties: { '^a': { type: 'string' } } }, { a: 1 }],
      [{ contains: { type: 'string' } }, [1]],
      [{ format: 'email' }, 'x'],
      [{ items: [{ type: 'string' }] }, [1]],
    ] as const)
      expect(accepts({ schema: one, root: one }, data)).toBeUndefined();
  });
});
