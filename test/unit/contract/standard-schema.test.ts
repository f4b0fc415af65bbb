import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { jsonSchemaOf } from '../../../src/contract/json-schema/contract-json-schema.js';
import { isStandardSchema, type StandardSchema } from '../../../src/contract/standard-schema.js';
import { validateData, validatePayload } from '../../../src/contract/validate.js';
import { PublishHarness } from '../../support/publish-harness.js';

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

interface Order {
  readonly id: string;
  readonly total: number;
  readonly payment: { readonly kind: 'card'; readonly last4: string } | { readonly kind: 'cash' };
  readonly note?: string | undefined;
}

/** The same schemas in three libraries. */
interface Library {
  /** Of an order, whose total is 1 by default. */
  readonly order: StandardSchema<{ id: string; payment: Order['payment'] }, Order>;
  /** What the library's own way of waiting makes. */
  readonly asynchronous: StandardSchema;
}

const zodOrder = z.object({
  id: z.string(),
  total: z.number().default(1),
  payment: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('card'), last4: z.string() }),
    z.object({ kind: z.literal('cash') }),
  ]),
  note: z.string().optional(),
});

const valibotOrder = v.object({
  id: v.string(),
  total: v.optional(v.number(), 1),
  payment: v.variant('kind', [
    v.object({ kind: v.literal('card'), last4: v.string() }),
    v.object({ kind: v.literal('cash') }),
  ]),
  note: v.optional(v.string()),
});

// By default it keeps what is not declared.
const arktypeOrder = ark({
  '+': 'delete',
  id: 'string',
  total: 'number = 1',
  payment: ark({ '+': 'delete', kind: "'card'", last4: 'string' }).or({ '+': 'delete', kind: "'cash'" }),
  'note?': 'string',
});

const LIBRARIES: Readonly<Record<string, Library>> = {
  zod: {
    order: zodOrder,
    asynchronous: z.object({ id: z.string().refine(async () => true) }),
  },
  valibot: {
    // Without this it has no JSON Schema, and so no names of fields for errors.
    order: toStandardJsonSchema(valibotOrder),
    asynchronous: v.objectAsync({
      id: v.pipeAsync(
        v.string(),
        v.checkAsync(async () => true),
      ),
    }),
  },
  arktype: {
    order: arktypeOrder,
    // It knows none, and takes the promise for the value.
    asynchronous: ark({ id: 'string' }).pipe(async (order) => order),
  },
};

describe.each(Object.entries(LIBRARIES))('a contract with a schema of %s', (vendor, library) => {
  const contract = defineEvent({
    version: 1,
    topic: 'notes',
    protection: 'none',
    type: 'orders.placed',
    schema: library.order,
    aggregateId: ({ id }) => id,
  });
  const cash = { kind: 'cash' } as const;
  const card = { kind: 'card', last4: '4242' } as const;

  const codeOf = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      const { code, problems } = error as { readonly code: string; readonly problems?: readonly { path: string }[] };
      return [code, problems?.map(({ path }) => path)];
    }
  };

  it('fills in defaults, drops what is not declared, and reads the aggregate id', () => {
    expect(library.order['~standard'].vendor).toBe(vendor);
    const data = validateData(contract, { id: 'o1', payment: cash, undeclared: true });
    expect(data).toEqual({ id: 'o1', total: 1, payment: cash });
    expect(contract.aggregateId(data)).toBe('o1');
  });

  it('takes each part of a union, and no mixture of them', () => {
    for (const payment of [cash, card]) {
      expect(validateData(contract, { id: 'o1', payment })).toEqual({ id: 'o1', total: 1, payment });
    }
    for (const payment of [{ kind: 'card' }, { kind: 'coin' }, 'cash', undefined]) {
      expect(codeOf(() => validateData(contract, { id: 'o1', payment }))).toEqual([
        'VALIDATION_FAILED',
        expect.arrayContaining([expect.stringMatching(/^payment/)]),
      ]);
    }
  });

  it('names the field that is wrong, and no value', () => {
    const wrong = { id: 'o1', payment: cash, total: 'secret-4711' };
    expect(codeOf(() => validateData(contract, wrong))).toEqual(['VALIDATION_FAILED', ['total']]);
    expect(() => validateData(contract, wrong)).not.toThrow(/4711/);
  });

  it('writes what it reads again, byte for byte', async () => {
    const harness = new PublishHarness();
    await harness.clock.advanceUntil(harness.publish({ id: 'o1', payment: card, note: 'x' }, { contract }));
    const [record] = harness.producer.taken;
    const read: unknown = JSON.parse(String(record?.value));
    expect(read).toEqual({ id: 'o1', total: 1, payment: card, note: 'x' });
    expect(validatePayload(contract, read)).toEqual(read);
    expect(record?.key?.toString()).toBe('acme:o1');
  });

  it('refuses to wait for a schema', () => {
    const asynchronous = { ...contract, schema: library.asynchronous } as AnyEventContract;
    expect(codeOf(() => validateData(asynchronous, { id: 'o1' }))).toEqual(['ASYNC_SCHEMA', undefined]);
  });

  it('tells its JSON Schema', () => {
    const eventType = 'orders.placed.v1';
    const schemaOf = (form: 'input' | 'output'): Record<string, unknown> =>
      jsonSchemaOf({ eventType, schema: library.order }, form);
    expect([...(schemaOf('input')['required'] as string[])].sort()).toEqual(['id', 'payment']);
    expect([...(schemaOf('output')['required'] as string[])].sort()).toEqual(['id', 'payment', 'total']);
    const { id, total, payment } = schemaOf('output')['properties'] as Record<string, Record<string, unknown>>;
    expect(id).toEqual({ type: 'string' });
    expect(total).toMatchObject({ type: 'number' });
    expect(payment?.['oneOf'] ?? payment?.['anyOf']).toHaveLength(2);
  });
});
