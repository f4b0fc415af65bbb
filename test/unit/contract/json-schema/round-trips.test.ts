// What a producer validates and writes, a consumer reads: for the forms that docs/contracts.md recommends. An
// independent validator agrees that the bytes fit both JSON Schemas of the contract.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../../src/contract/event-contract.js';
import { jsonSchemaOf } from '../../../../src/contract/json-schema/contract-json-schema.js';
import { validateData, validatePayload } from '../../../../src/contract/validate.js';
import { isTenantryError } from '../../../../src/core/errors.js';
import { jsonSerde } from '../../../../src/serde/json-serde.js';
import { assertRoundTrips } from '../../../../src/serde/round-trip.js';

const base = { type: 'orders.placed', version: 1, topic: 'orders', protection: 'none' } as const;
const aggregateId = (): string => '42';

const date = defineEvent({
  ...base,
  schema: z.object({
    at: z.union([z.iso.datetime(), z.date()]).transform((at) => (typeof at === 'string' ? at : at.toISOString())),
  }),
  aggregateId,
});
const bigint = defineEvent({
  ...base,
  schema: z.object({ total: z.union([z.string().regex(/^-?\d+$/), z.bigint()]).transform(String) }),
  aggregateId,
});
const union = defineEvent({
  ...base,
  schema: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('card'), last4: z.string().length(4) }),
    z.object({ kind: z.literal('cash'), amount: z.number().nullable() }),
  ]),
  aggregateId,
});
const defaults = defineEvent({
  ...base,
  schema: z.object({
    currency: z.string().default('EUR'),
    tags: z.array(z.string()).default([]),
    shop: z.object({ city: z.string().default('Graz') }).prefault({}),
    note: z.string().optional(),
  }),
  aggregateId,
});
const transform = defineEvent({
  ...base,
  schema: z.object({
    email: z.string().trim().toLowerCase(),
    sku: z.string().transform((sku) => sku.replaceAll('-', '')),
    quantity: z.coerce.number(),
  }),
  aggregateId,
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });

const CASES: readonly (readonly [name: string, contract: AnyEventContract, input: unknown, written: unknown])[] = [
  ['a Date', date, { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
  ['a date as text', date, { at: '1970-01-01T00:00:00Z' }, { at: '1970-01-01T00:00:00Z' }],
  ['a bigint', bigint, { total: 2n ** 70n }, { total: '1180591620717411303424' }],
  ['a bigint as text', bigint, { total: '-7' }, { total: '-7' }],
  ['one branch of a union', union, { kind: 'card', last4: '1234' }, { kind: 'card', last4: '1234' }],
  ['the other', union, { kind: 'cash', amount: null, x: 1 }, { kind: 'cash', amount: null }],
  ['nothing, by default', defaults, {}, { currency: 'EUR', tags: [], shop: { city: 'Graz' } }],
  [
    'what has a default',
    defaults,
    { currency: 'CHF', tags: ['a'], shop: { city: 'Linz' }, note: 'x' },
    { currency: 'CHF', tags: ['a'], shop: { city: 'Linz' }, note: 'x' },
  ],
  [
    'what is transformed',
    transform,
    { email: ' A@B.C ', sku: '1-2-3', quantity: '4' },
    { email: 'a@b.c', sku: '123', quantity: 4 },
  ],
];

describe('a round trip', () => {
  it.each(CASES)('of %s', (_, contract, input, written) => {
    const bytes = jsonSerde.encode(contract, validateData(contract, input));
    const decoded = jsonSerde.decode(contract, bytes);
    expect(decoded).toEqual(written);
    expect(validatePayload(contract, decoded)).toEqual(written);
    void assertRoundTrips(contract, jsonSerde, bytes);
    for (const form of ['input', 'output'] as const)
      expect(ajv.compile(jsonSchemaOf(contract, form))(decoded), form).toBe(true);
  });

  it.each([
    ['a date that is none', date, { at: 'yesterday' }],
    ['a bigint that is none', bigint, { total: '1.5' }],
    ['a branch that is not there', union, { kind: 'cheque' }],
    ['the field of another branch', union, { kind: 'card', amount: 1 }],
  ] as const)('is refused for %s', (_, contract, input) => {
    let code: string | undefined;
    try {
      validateData(contract as AnyEventContract, input);
    } catch (error) {
      code = isTenantryError(error) ? error.code : undefined;
    }
    expect(code).toBe('VALIDATION_FAILED');
    expect(ajv.compile(jsonSchemaOf(contract as AnyEventContract, 'input'))(input)).toBe(false);
  });
});
