import { Ajv } from 'ajv';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyEventContract } from '../../../../src/contract/event-contract.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { StandardSchema } from '../../../../src/contract/standard-schema.js';
import { registeredJsonSchema } from '../../../../src/serde/registry/registered-json-schema.js';

/** As the RFCs have them, and validators that look at formats. */
const STRICT_FORMATS = { uri: /^[a-z][a-z0-9+.-]*:[!-~]*$/i, email: /^[!-~]+@[!-~]+$/, 'date-time': true } as const;

function contractOf(schema: StandardSchema): AnyEventContract {
  return defineEvent({
    type: 'orders.placed',
    version: 2,
    topic: 'orders',
    schema: schema as StandardSchema<{ orderId: string }>,
    aggregateId: ({ orderId }) => orderId,
    protection: 'none',
  });
}

describe('the JSON Schema of a contract', () => {
  it('says what is written, in the draft that is read everywhere, under the name of the event', () => {
    const schema = z
      .object({ orderId: z.string(), total: z.number().default(1), note: z.string().optional() })
      .meta({ title: 'An order' });
    expect(JSON.parse(registeredJsonSchema(contractOf(schema)))).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'orders.placed.v2',
      type: 'object',
      properties: {
        orderId: { type: 'string' },
        total: { default: 1, type: 'number' },
        note: { type: 'string' },
      },
      required: ['orderId', 'total'],
      additionalProperties: false,
    });
  });

  it('refuses nothing that may be written, also where a validator knows its formats', () => {
    const schema = z.object({
      orderId: z.string().regex(/^[a-z]+$/i),
      sku: z.string().regex(/^sku$/iu),
      page: z.url({ protocol: /^http$/ }),
      mail: z.email({ pattern: /^\S+@\S+$/ }),
      at: z.iso.datetime(),
      note: z.string().min(1).pipe(z.string().max(9)),
    });
    const value = {
      orderId: 'ABC',
      sku: '\u017Fku',
      page: 'http://a.example/b c',
      mail: 'ä@b',
      at: '2026-01-31T09:30:00Z',
      note: 'x',
    };
    const text = registeredJsonSchema(contractOf(schema));
    const validate = new Ajv({ formats: STRICT_FORMATS }).compile(JSON.parse(text) as object);
    expect(schema.parse(value)).toEqual(value);
    expect([validate(value), validate.errors]).toEqual([true, null]);
    for (const wrong of [{ orderId: '1' }, { at: 'today' }, { note: '' }, { note: 'x'.repeat(10) }])
      expect(validate({ ...value, ...wrong }), JSON.stringify(wrong)).toBe(false);
    expect(JSON.parse(text)).toMatchObject({ properties: { at: { format: 'date-time' } } });
  });

  it('comes from any library that makes one', () => {
    const schema = type({ orderId: 'string', 'note?': 'string' });
    expect(JSON.parse(registeredJsonSchema(contractOf(schema)))).toMatchObject({
      title: 'orders.placed.v2',
      properties: { orderId: { type: 'string' }, note: { type: 'string' } },
      required: ['orderId'],
    });
  });

  it('is refused of a library that makes none, with what to do', () => {
    expect(() => registeredJsonSchema(contractOf(v.object({ orderId: v.string() })))).toThrow(
      expect.objectContaining({
        code: 'NO_JSON_SCHEMA',
        message: expect.stringMatching(/orders\.placed\.v2.*toStandardJsonSchema/),
      }),
    );
  });

  it('is refused with the fields that have no form in it', () => {
    const schema = z.object({
      orderId: z.string(),
      properties: z.object({ when: z.date() }),
      lines: z.array(z.object({ count: z.bigint() })),
      size: z.string().transform((text) => text.length),
      any: z.unknown(),
    });
    expect(() => registeredJsonSchema(contractOf(schema as never))).toThrow(
      expect.objectContaining({
        code: 'NO_JSON_SCHEMA',
        problems: expect.arrayContaining(
          ['properties.when', 'lines[].count'].map((path): unknown => expect.objectContaining({ path })),
        ),
      }),
    );
  });
});
