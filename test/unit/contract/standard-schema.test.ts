import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { isStandardSchema } from '../../../src/contract/standard-schema.js';
import { validateData } from '../../../src/contract/validate.js';

describe('isStandardSchema', () => {
  it('recognises what vendors make, functions too', () => {
    for (const schema of [z.string(), v.string(), ark('string')]) expect(isStandardSchema(schema)).toBe(true);
  });

  it.each([undefined, null, 1, 'text', {}, { '~standard': null }, { '~standard': { version: 1 } }, () => undefined])(
    'refuses %j',
    (value) => {
      expect(isStandardSchema(value)).toBe(false);
    },
  );
});

describe('contracts with the schemas of', () => {
  const base = { version: 1, topic: 'orders', protection: 'none' } as const;
  const byVendor = {
    zod: defineEvent({
      ...base,
      type: 'zod',
      schema: z.object({ id: z.string(), total: z.number().default(1) }),
      aggregateId: ({ id }) => id,
    }),
    valibot: defineEvent({
      ...base,
      type: 'valibot',
      schema: v.object({ id: v.string(), total: v.optional(v.number(), 1) }),
      aggregateId: ({ id }) => id,
    }),
    arktype: defineEvent({
      ...base,
      type: 'arktype',
      schema: ark({ id: 'string', total: 'number = 1' }),
      aggregateId: ({ id }) => id,
    }),
  };

  it.each(Object.entries(byVendor))('%s validate and read the aggregate id', (_, contract) => {
    const data = validateData(contract, { id: 'o1' });
    expect(data).toEqual({ id: 'o1', total: 1 });
    expect(contract.aggregateId(data)).toBe('o1');
  });
});
