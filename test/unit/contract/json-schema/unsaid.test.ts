// What the libraries check and do not print. Whatever may be written fits the schemas that say so, and where something
// may be written that a reader refuses, no comparison passes it over.
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compareSchemas } from '../../../../src/contract/compatibility/compare-schemas.js';
import { jsonSchemaOf } from '../../../../src/contract/json-schema/contract-json-schema.js';
import { UNSAID } from '../../../../src/contract/json-schema/marks.js';
import type { JsonSchemaForm } from '../../../../src/contract/json-schema/standard-json-schema.js';
import type { SchemaObject } from '../../../../src/contract/json-schema/subschemas.js';
import type { StandardSchema } from '../../../../src/contract/standard-schema.js';

const ajv = new Ajv2020({ strict: false, validateFormats: false });

function made(schema: StandardSchema, form: JsonSchemaForm): SchemaObject {
  return jsonSchemaOf({ eventType: 'a.v1', schema }, form);
}

function found(from: StandardSchema, to: StandardSchema): string[] {
  return compareSchemas(made(from, 'output'), made(to, 'input')).map(
    ({ verdict, place, reason }) => `${verdict === 'certain' ? '!' : '?'} ${place} ${reason}`,
  );
}

function takes(schema: StandardSchema, value: unknown): boolean {
  return Reflect.get(schema['~standard'].validate(value), 'issues') === undefined;
}

const same = (text: string): string => text;
const valibot = (...actions: Parameters<typeof pipeOfText>): StandardSchema =>
  toStandardJsonSchema(pipeOfText(...actions));
const pipeOfText = (...actions: v.PipeItem<string, string, v.BaseIssue<unknown>>[]) =>
  v.pipe(v.string(), ...(actions as []));
const lower = /^[a-z]+$/;
const jwt = 'eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.c2ln';

/** Each takes the value and becomes one that does not. */
const CHANGES: readonly (readonly [what: string, from: StandardSchema, to: StandardSchema, value: unknown])[] = [
  ['the flag i of a pattern', z.string().regex(/^[a-z]+$/i), z.string().regex(lower), 'ABC'],
  ['a flag that is not written out', z.string().regex(/^[a-z]+$/iu), z.string().regex(lower), 'ABC'],
  ['the flag m', z.string().regex(/^a$/m), z.string().regex(/^a$/), 'b\na'],
  ['the flag s', z.string().regex(/^.$/s), z.string().regex(/^.$/), '\n'],
  ['the flag y', z.string().regex(/a/), z.string().regex(/a/y), 'ba'],
  ['one pattern of several', z.string().regex(/a/i).regex(/b/), z.string().regex(/a/).regex(/b/), 'Ab'],
  [
    'a pattern of names',
    z.record(z.string().regex(/^a$/i), z.number()),
    z.record(z.string().regex(/^a$/), z.number()),
    { A: 1 },
  ],
  [
    'a pattern of names among others',
    z.looseRecord(z.string().regex(/^a$/), z.number()),
    z.looseRecord(z.string().regex(/^a$/iu), z.number()),
    { A: 'x' },
  ],
  ['the position of a text in another', z.string().includes('a'), z.string().includes('a', { position: 2 }), 'a'],
  ['the protocol of a URL', z.url(), z.url({ protocol: /^https$/ }), 'http://a.example'],
  ['the host of a URL', z.url(), z.url({ hostname: /^a$/ }), 'http://b'],
  ['a URL of the web', z.url(), z.httpUrl(), 'ftp://a.example'],
  ['an address with another inside', z.ipv6(), z.ipv4(), '::ffff:1.2.3.4'],
  ['a network', z.cidrv6(), z.cidrv4(), '::ffff:1.2.3.4/96'],
  ['a format before another one', z.string().startsWith('a'), z.string().check(z.url()).startsWith('a'), 'ab'],
  ['the algorithm of a token', z.jwt(), z.jwt({ alg: 'HS256' }), jwt],
  ['the end of a pipe', z.string(), z.string().pipe(z.string().min(5)), 'ab'],
  ['the middle of a pipe', z.string(), z.string().pipe(z.string().min(5)).pipe(z.string().max(9)), 'ab'],
  ['a flag at the start of a pipe', z.string(), z.string().regex(/^b/iu).pipe(z.string()), 'ab'],
  ['what comes behind a transform', z.string(), z.string().trim().pipe(z.string().min(5)), 'ab'],
  ['what a codec makes', z.string(), z.codec(z.string(), z.string().min(5), { decode: same, encode: same }), 'ab'],
  ['an object behind an object', z.looseObject({}), z.looseObject({}).pipe(z.looseObject({ a: z.string() })), {}],
  ['a property', z.string(), z.string().check(z.property('length', z.number().min(5))), 'ab'],
  ['a flag in arktype', ark(/^[a-z]+$/i), ark(lower), 'ABC'],
  ['a flag in arktype that is not written out', ark(/^[a-z]+$/iu), ark(lower), 'ABC'],
  ['a flag in valibot', valibot(v.regex(/^[a-z]+$/i)), valibot(v.regex(lower)), 'ABC'],
  ['a flag in valibot that is not written out', valibot(v.regex(/^[a-z]+$/iu)), valibot(v.regex(lower)), 'ABC'],
  ['a second pattern in valibot', valibot(v.regex(/a/)), valibot(v.regex(/a/), v.regex(/b/i)), 'a'],
  ['a size in valibot', valibot(), valibot(v.maxBytes(3)), 'abcd'],
  [
    'what a list has in valibot',
    toStandardJsonSchema(v.array(v.string())),
    toStandardJsonSchema(v.pipe(v.array(v.string()), v.includes('a'))),
    [],
  ],
];

describe('what a library checks and does not print', () => {
  it.each(CHANGES)('is seen when it changes: %s', (_, from, to, value) => {
    expect([takes(from, value), takes(to, value)]).toEqual([true, false]);
    expect(found(from, to)).not.toEqual([]);
  });

  it.each(CHANGES)('lets the schema refuse nothing that may be written: %s', (_, from, __, value) => {
    for (const form of ['input', 'output'] as const) expect(ajv.compile(made(from, form))(value), form).toBe(true);
  });

  it.each(CHANGES)('stays as it is: %s', (_, from, to) => {
    expect(found(from, from)).toEqual([]);
    expect(found(to, to)).toEqual([]);
  });
});

describe('a rule that JSON Schema cannot say', () => {
  it('is named where it is new, and lets what was under it be read without', () => {
    const [any, https] = [z.object({ at: z.url() }), z.object({ at: z.url({ protocol: /^https$/ }) })];
    expect(found(any, https)).toEqual(['? at is read under a rule that is not compared (protocol /^https$/)']);
    expect(found(https, any)).toEqual([]);
  });

  it('makes no finding certain', () => {
    expect(found(z.string().regex(/^s{5}$/iu), z.string().min(5))).toEqual([
      '? (root) is read with 5 characters or more, and may have fewer',
    ]);
    expect(found(z.string().regex(/^s{5}$/iu), z.string().regex(/s/))).toEqual([
      '? (root) is read in a pattern that it may not be written in',
    ]);
  });

  it('leaves a value of a list undecided', () => {
    expect(found(z.literal('A'), z.string().regex(/^s$/iu))).toEqual([
      '? (root) may be "A", of which it is not known whether it is read',
    ]);
  });
});

describe('a pipe of texts', () => {
  it('is what both its ends demand, for what is read and for what is written', () => {
    const pipe = z.string().min(2).pipe(z.string().max(9)).describe('a name');
    const both = { type: 'string', minLength: 2, maxLength: 9, description: 'a name' };
    for (const form of ['input', 'output'] as const) expect(made(pipe, form)).toMatchObject(both);
    expect(made(z.string().min(2).pipe(z.string().min(3)), 'output')).toMatchObject({
      allOf: [
        { type: 'string', minLength: 2 },
        { type: 'string', minLength: 3 },
      ],
    });
  });

  it('may lead to itself', () => {
    const node: z.ZodType = z.object({
      next: z.lazy(() => node.pipe(z.looseObject({ next: z.string() })).optional()),
    });
    expect(JSON.stringify(made(node, 'input'))).toContain(UNSAID);
  });
});
