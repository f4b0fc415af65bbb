import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchemaOf } from '../../../../src/contract/json-schema/contract-json-schema.js';
import type { JsonSchemaForm } from '../../../../src/contract/json-schema/standard-json-schema.js';
import type { StandardSchema } from '../../../../src/contract/standard-schema.js';
import { isTenantryError } from '../../../../src/core/errors.js';

function schemaOf(schema: StandardSchema, form: JsonSchemaForm): Record<string, unknown> {
  const { $schema, ...rest } = jsonSchemaOf({ eventType: 'orders.placed.v1', schema }, form);
  expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
  return rest;
}

/** A contract cannot be defined with these schemas in TypeScript, but it can in JavaScript. */
function problemsOf(schema: StandardSchema, form: JsonSchemaForm): readonly string[] {
  try {
    schemaOf(schema, form);
    return [];
  } catch (error) {
    if (!isTenantryError(error, 'NO_JSON_SCHEMA')) throw error;
    expect(error.message).toMatch(/^event contract orders\.placed\.v1: .*(let the schema take|wrap it|use zod)/);
    return error.problems.map(({ path, message }) => `${path} ${/\((\w+)\)/.exec(message)?.[1] ?? message}`);
  }
}

const text = { type: 'string' };
const number = { type: 'number' };

describe('the JSON Schema of a zod schema', () => {
  it('tells what is read from what is written', () => {
    const schema = z.object({ id: z.string(), total: z.number().default(0), note: z.string().optional() });
    const properties = { id: text, total: { ...number, default: 0 }, note: text };
    expect(schemaOf(schema, 'input')).toEqual({ type: 'object', properties, required: ['id'] });
    expect(schemaOf(schema, 'output')).toEqual({
      type: 'object',
      properties,
      required: ['id', 'total'],
      additionalProperties: false,
    });
  });

  it('tells a transform by what it accepts, because it accepts what it returns', () => {
    const trimmed = z.string().transform((value) => value.trim());
    const schema = z.object({ a: trimmed, list: z.array(trimmed.optional()), b: trimmed.nullable() });
    expect(schemaOf(schema, 'output')['properties']).toEqual({
      a: text,
      list: { type: 'array', items: text },
      b: { type: ['string', 'null'] },
    });
  });

  it('leaves out of a union what JSON never gives', () => {
    const at = z.union([z.iso.date(), z.date()]).transform((date) => (typeof date === 'string' ? date : ''));
    for (const form of ['input', 'output'] as const) {
      expect(schemaOf(z.object({ at }), form)['properties']).toEqual({
        at: expect.objectContaining({ type: 'string', format: 'date' }) as unknown,
      });
    }
    const three = z.object({ id: z.union([z.string(), z.number(), z.bigint()]) });
    expect(schemaOf(three, 'input')['properties']).toEqual({ id: { anyOf: [text, number] } });
  });

  it('names every field that has none', () => {
    const schema = z.object({
      at: z.date(),
      deep: z.object({ 'a/b': z.array(z.object({ total: z.bigint() })) }).optional(),
      tuple: z.tuple([z.string(), z.custom(() => true)]),
      any: z.record(z.string(), z.map(z.string(), z.string())),
      either: z.union([z.string(), z.object({ at: z.date() })]),
    });
    for (const form of ['input', 'output'] as const) {
      expect(problemsOf(schema, form)).toEqual([
        'at date',
        'deep.a/b[].total bigint',
        'tuple[1] custom',
        'any.* map',
        'either.at date',
      ]);
    }
    expect(problemsOf(z.object({ at: z.date().describe('when') }), 'input')).toEqual(['at date']);
    expect(problemsOf(z.date(), 'input')).toEqual(['(root) date']);
    expect(problemsOf(z.union([z.date(), z.bigint()]), 'input')).toEqual(['(root) date', '(root) bigint']);
  });

  it('takes what the author says of a part of its own', () => {
    const schema = z.object({ c: z.custom(() => true).meta({ type: 'string' }) });
    expect(schemaOf(schema, 'output')['properties']).toEqual({ c: text });
  });

  it('has a schema that refers to itself', () => {
    const category = z.object({
      name: z.string(),
      get children() {
        return z.array(category);
      },
    });
    expect(schemaOf(category, 'output')['properties']).toEqual({
      name: text,
      children: { type: 'array', items: { $ref: '#' } },
    });
  });

  it('has draft 7 where that is asked for', () => {
    const schema = z.object({ pair: z.tuple([z.string(), z.number()]) });
    const contract = { eventType: 'orders.placed.v1', schema } as const;
    expect(jsonSchemaOf(contract, 'output', 'draft-07')).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { pair: { items: [text, number] } },
    });
  });
});

describe('the JSON Schema of an arktype schema', () => {
  it('is as far as the library has one', () => {
    const schema = ark({ id: 'string', 'note?': 'string', total: 'number = 3', small: '0 < number.integer <= 5' });
    const properties = {
      id: text,
      note: text,
      total: number,
      small: { type: 'integer', exclusiveMinimum: 0, maximum: 5 },
    };
    expect(schemaOf(schema, 'input')).toEqual({ type: 'object', properties, required: ['id', 'small'] });
    expect(schemaOf(schema, 'output')).toEqual({ type: 'object', properties, required: ['id', 'small', 'total'] });
    expect(schemaOf(ark({ at: 'string.date.iso | Date' }), 'input')['properties']).toMatchObject({ at: text });
    expect(schemaOf(ark({ even: ark('number').narrow((n) => n % 3 === 0) }), 'input')['properties']).toEqual({
      even: number,
    });
  });

  it('names the fields that have none', () => {
    expect(problemsOf(ark({ at: 'Date', deep: { total: 'bigint' }, m: 'Map' }), 'output')).toEqual([
      'at date',
      'deep.total domain',
      'm proto',
    ]);
  });
});

describe('the JSON Schema of a valibot schema', () => {
  const schema = v.object({
    id: v.pipe(v.string(), v.trim(), v.minLength(1)),
    total: v.optional(v.number(), 3),
    note: v.optional(v.string()),
    at: v.union([v.string(), v.date()]),
  });

  it('is there once it is wrapped', () => {
    const properties = {
      id: { ...text, minLength: 1 },
      total: { ...number, default: 3 },
      note: text,
      at: text,
    };
    const wrapped = toStandardJsonSchema(schema);
    expect(schemaOf(wrapped, 'input')).toEqual({ type: 'object', properties, required: ['id', 'at'] });
    expect(schemaOf(wrapped, 'output')).toEqual({
      type: 'object',
      properties,
      required: ['id', 'at', 'total'],
      additionalProperties: false,
    });
    expect(problemsOf(schema, 'input')).toEqual([
      '(root) is of a library that makes no JSON Schema: wrap it in toStandardJsonSchema of @valibot/to-json-schema',
    ]);
  });

  it('names the fields that have none', () => {
    const wrong = v.object({
      at: v.date(),
      size: v.pipe(
        v.string(),
        v.transform((value) => value.length),
      ),
    });
    expect(problemsOf(toStandardJsonSchema(wrong), 'output')).toEqual(['at date', 'size transform']);
  });
});

describe('the JSON Schema of any other schema', () => {
  const validate = (value: unknown): { value: unknown } => ({ value });

  it('is refused where there is none', () => {
    expect(problemsOf({ '~standard': { version: 1, vendor: 'own', validate } }, 'input')).toEqual([
      '(root) is of a library that makes no JSON Schema: use zod',
    ]);
  });

  it('is refused without a word of its library where that throws', () => {
    const jsonSchema = {
      input: () => {
        throw new Error('secret');
      },
    };
    const schema = { '~standard': { version: 1, vendor: 'own', validate, jsonSchema } } as StandardSchema;
    expect(problemsOf(schema, 'input').join()).toMatch(/^\(root\) has a part without JSON form/);
    expect(problemsOf(schema, 'input').join()).not.toContain('secret');
  });
});
