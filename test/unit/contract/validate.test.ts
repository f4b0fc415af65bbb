import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StandardSchema } from '../../../src/contract/standard-schema.js';
import { validateData, validatePayload } from '../../../src/contract/validate.js';
import { isTenantryError, type Problem, type TenantryError } from '../../../src/core/errors.js';

const SECRET = 'secret-4711';

function validating(schema: StandardSchema): { eventType: `${string}.v${number}`; schema: StandardSchema } {
  return { eventType: 'orders.placed.v1', schema };
}

function refusal(schema: StandardSchema, input: unknown, validate = validateData): TenantryError {
  try {
    validate(validating(schema), input);
  } catch (error) {
    if (isTenantryError(error)) return error;
    throw error;
  }
  throw new Error('the input was accepted');
}

function problemsOf(error: TenantryError): readonly Problem[] {
  if (isTenantryError(error, 'VALIDATION_FAILED') || isTenantryError(error, 'PAYLOAD_INVALID')) return error.problems;
  throw error;
}

/** Everything a logger could print of an error. */
function printed(error: TenantryError): string {
  return JSON.stringify([error.message, error.stack, error.cause, error]);
}

const vendors: readonly [name: string, schema: StandardSchema][] = [
  ['zod', z.object({ id: z.string(), total: z.number().default(0), lines: z.array(z.object({ sku: z.string() })) })],
  [
    'valibot',
    v.object({ id: v.string(), total: v.optional(v.number(), 0), lines: v.array(v.object({ sku: v.string() })) }),
  ],
  ['arktype', ark({ id: 'string', total: 'number = 0', lines: ark({ sku: 'string' }).array(), '+': 'delete' })],
];

describe.each(vendors)('validateData with %s', (name, schema) => {
  it('returns the output: defaults are filled in, undeclared fields are gone, the input is left alone', () => {
    const input = { id: 'o1', lines: [], [SECRET]: 1 };
    expect(validateData(validating(schema), input)).toEqual({ id: 'o1', total: 0, lines: [] });
    expect(input).toEqual({ id: 'o1', lines: [], [SECRET]: 1 });
  });

  it('threat 37: lists every wrong field without a word of the data', () => {
    const error = refusal(schema, { id: 7, total: SECRET, lines: [{ sku: 'a' }, { sku: { [SECRET]: SECRET } }] });
    expect(error.code).toBe('VALIDATION_FAILED');
    const path = name === 'valibot' ? ['*', '*', '*[1].*'] : ['id', 'total', 'lines[1].sku'];
    expect(new Set(problemsOf(error))).toEqual(
      new Set([
        { path: path[0], message: 'must be a string' },
        { path: path[1], message: 'must be a number' },
        { path: path[2], message: 'must be a string' },
      ]),
    );
    expect(error.message).toContain('orders.placed.v1: ');
    expect(printed(error)).not.toContain(SECRET);
  });

  it('says that the data itself is of the wrong kind', () => {
    expect(problemsOf(refusal(schema, SECRET))).toEqual([{ path: '(root)', message: 'must be an object' }]);
  });

  it('threat 39: a consumed payload fails with its own code', () => {
    const error = refusal(schema, { id: 7, lines: [] }, validatePayload);
    expect(error.code).toBe('PAYLOAD_INVALID');
    expect(problemsOf(error)).toHaveLength(1);
  });
});

describe('validateData', () => {
  it('threat 37: masks keys that are data', () => {
    const byEmail = z.record(z.string(), z.object({ age: z.number() }));
    const error = refusal(byEmail, { [SECRET]: { age: SECRET } });
    expect(problemsOf(error)).toEqual([{ path: '*.age', message: 'must be a number' }]);
    const arkError = refusal(ark({ byEmail: ark({ '[string]': 'number' }) }), { byEmail: { [SECRET]: SECRET } });
    expect(problemsOf(arkError)).toEqual([{ path: 'byEmail.*', message: 'must be a number' }]);
    expect(printed(error) + printed(arkError)).not.toContain(SECRET);
  });

  it('threat 37: does not name undeclared fields that a strict schema refuses', () => {
    const schemas = [
      z.strictObject({ id: z.string() }),
      v.strictObject({ id: v.string() }),
      ark({ id: 'string', '+': 'reject' }),
    ];
    for (const schema of schemas) {
      const error = refusal(schema, { id: 'a', [SECRET]: SECRET });
      expect(problemsOf(error)).toHaveLength(1);
      expect(printed(error)).not.toContain(SECRET);
    }
  });

  it('threat 37: believes neither the message nor the words of a schema author', () => {
    const schemas = [
      z.string().refine(() => false, { error: (issue) => `not ${String(issue.input)}` }),
      z.string().check((context) => {
        context.issues.push({ code: 'custom', message: context.value, path: [context.value], input: context.value });
      }),
      v.pipe(
        v.string(),
        v.check(
          () => false,
          (issue) => issue.input,
        ),
      ),
      ark('string').narrow((text, context) => context.reject({ expected: text, actual: text })),
    ];
    for (const schema of schemas) {
      const error = refusal(schema, SECRET);
      expect(problemsOf(error)[0]?.message).toBe('does not fit the schema');
      expect(printed(error)).not.toContain(SECRET);
    }
  });

  it('tells kinds of problems apart', () => {
    const schema = z.object({
      small: z.number().min(3),
      long: z.string().max(3),
      format: z.uuid(),
      choice: z.enum(['a', 'b']),
      union: z.union([z.string(), z.number()]),
    });
    const error = refusal(schema, { small: 1, long: 'abcd', format: 'x', choice: 'c', union: true });
    expect(problemsOf(error).map(({ path, message }) => `${path} ${message}`)).toEqual([
      'small is too small or too short',
      'long is too large or too long',
      'format has the wrong format',
      'choice is none of the allowed values',
      'union fits none of the allowed forms',
    ]);
  });

  it('names declared fields also where one of them has no JSON form, and in recursive schemas', () => {
    const Node = z.object({
      name: z.string().transform((text) => text.trim()),
      custom: z.custom<string>((value) => typeof value === 'string'),
      get children() {
        return z.array(Node);
      },
    });
    const error = refusal(Node, { name: 'a', custom: 'b', children: [{ name: 1, custom: 2, children: [] }] });
    expect(problemsOf(error).map(({ path }) => path)).toEqual(['children[0].name', 'children[0].custom']);
  });

  it('stays small however much is wrong, and however deep', () => {
    const error = refusal(z.array(z.string()), new Array(5_000).fill(1));
    expect(problemsOf(error)).toHaveLength(21);
    expect(problemsOf(error)[20]).toEqual({ path: '(root)', message: 'has 4980 more problems' });
    const path = new Array<string>(5_000).fill('x');
    const deep = handWritten(() => ({ issues: [{ message: SECRET, path }] }));
    expect(problemsOf(refusal(deep, 1))[0]?.path.length).toBeLessThan(100);
  });

  it('reads path segments of every form', () => {
    const path = ['a', 0, { key: 'b' }, { key: 1 }, Symbol(SECRET)];
    const schema = handWritten(() => ({ issues: [{ message: SECRET, path }] }));
    expect(problemsOf(refusal(schema, 1))).toEqual([{ path: '*[0].*[1].*', message: 'does not fit the schema' }]);
  });

  it('threat 37: keeps what a throwing validator says to itself', () => {
    const schema = handWritten(() => {
      throw new Error(SECRET);
    });
    for (const [validate, code] of [
      [validateData, 'VALIDATION_FAILED'],
      [validatePayload, 'PAYLOAD_INVALID'],
    ] as const) {
      const error = refusal(schema, SECRET, validate);
      expect(error.code).toBe(code);
      expect(printed(error)).not.toContain(SECRET);
    }
  });

  it.each<[string, StandardSchema]>([
    ['an asynchronous refinement of zod', z.string().refine(() => Promise.resolve(true))],
    [
      'a check of zod that throws',
      z.string().refine(() => {
        throw new Error(SECRET);
      }),
    ],
    [
      'an asynchronous schema of valibot',
      v.pipeAsync(
        v.string(),
        v.checkAsync(() => Promise.resolve(true)),
      ),
    ],
    [
      'a thenable',
      handWritten(() => ({
        then: (done: (value: unknown) => void) => {
          done(1);
        },
      })),
    ],
    ['a promise that rejects', handWritten(() => Promise.reject(new Error(SECRET)))],
  ])('refuses to wait: %s', async (_, schema) => {
    const error = refusal(schema, 'x');
    expect(error.code).toBe('ASYNC_SCHEMA');
    expect(printed(error)).not.toContain(SECRET);
    // An unhandled rejection would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });
});

function handWritten(validate: (value: unknown) => unknown): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } } as StandardSchema;
}
