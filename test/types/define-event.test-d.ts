// Contracts as users write them, with zod, valibot and arktype.
import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { AnyEventContract, EventContract, InputOf, OutputOf } from '../../src/contract/event-contract.js';
import { defineEvent } from '../../src/contract/define-event.js';

declare function inputOf<C extends AnyEventContract>(contract: C): InputOf<C>;
declare function outputOf<C extends AnyEventContract>(contract: C): OutputOf<C>;

const base = { type: 'orders.placed', version: 1, topic: 'orders', protection: 'none' } as const;

describe('a contract', () => {
  it('holds literal types and plain input and output types', () => {
    const contract = defineEvent({
      type: 'orders.placed',
      version: 3,
      topic: 'orders',
      schema: z.object({ orderId: z.string(), total: z.number().default(0) }),
      aggregateId: (order) => {
        expectTypeOf(order).toEqualTypeOf<{ orderId: string; total: number }>();
        return order.orderId;
      },
      protection: 'confidential',
    });
    interface In {
      orderId: string;
      total?: number | undefined;
    }
    expectTypeOf(contract).toEqualTypeOf<
      EventContract<'orders.placed', 3, In, { orderId: string; total: number }, false>
    >();
    expectTypeOf(contract.eventType).toEqualTypeOf<'orders.placed.v3'>();
  });

  it('takes defaults as optional input and required output', () => {
    const schema = z.object({ id: z.string(), total: z.number().default(0), tags: z.array(z.string()).default([]) });
    const contract = defineEvent({ ...base, schema, aggregateId: ({ id }) => id });
    expectTypeOf(inputOf(contract)).toEqualTypeOf<{
      id: string;
      total?: number | undefined;
      tags?: string[] | undefined;
    }>();
    expectTypeOf(outputOf(contract)).toEqualTypeOf<{ id: string; total: number; tags: string[] }>();
  });

  it('knows whether it is compacted', () => {
    const schema = z.object({ id: z.string() });
    expectTypeOf(defineEvent({ ...base, schema, aggregateId: ({ id }) => id }).compacted).toEqualTypeOf<false>();
    expectTypeOf(
      defineEvent({ ...base, schema, aggregateId: ({ id }) => id, compacted: true }).compacted,
    ).toEqualTypeOf<true>();
  });

  it('has the same data whether fields of it are sealed or not', () => {
    const schema = z.object({ id: z.string(), iban: z.string().optional() });
    const _whole = defineEvent({ ...base, schema, aggregateId: ({ id }) => id });
    const sealed = defineEvent({ ...base, schema, aggregateId: ({ id }) => id, protection: { fields: ['/iban'] } });
    expectTypeOf(sealed).toEqualTypeOf<typeof _whole>();
    // @ts-expect-error a list of fields
    defineEvent({ ...base, schema, aggregateId: ({ id }) => id, protection: { fields: '/iban' } });
  });

  it('needs a protection, a numeric version and a function that returns text', () => {
    const schema = z.object({ id: z.string(), total: z.number() });
    // @ts-expect-error protection must be chosen
    defineEvent({ type: 'a', version: 1, topic: 'a', schema, aggregateId: (data) => data.id });
    // @ts-expect-error no such protection
    defineEvent({ ...base, protection: 'secret', schema, aggregateId: (data) => data.id });
    // @ts-expect-error a version is a number
    defineEvent({ ...base, version: '1', schema, aggregateId: (data) => data.id });
    // @ts-expect-error an aggregate id is text
    defineEvent({ ...base, schema, aggregateId: (data) => data.total });
    // @ts-expect-error no such field
    defineEvent({ ...base, schema, aggregateId: (data) => String(data.orderId) });
    // @ts-expect-error not a Standard Schema
    defineEvent({ ...base, schema: { parse: () => 1 }, aggregateId: () => '' });
    // @ts-expect-error a contract cannot be changed
    defineEvent({ ...base, schema, aggregateId: (data) => data.id }).version = 2;
  });
});

describe('an upcast', () => {
  const V1 = defineEvent({
    ...base,
    schema: z.object({ id: z.string(), total: z.number().default(0) }),
    aggregateId: ({ id }) => id,
  });
  const Paid = defineEvent({
    ...base,
    type: 'orders.paid',
    schema: z.object({ id: z.string(), total: z.number() }),
    aggregateId: ({ id }) => id,
  });
  const schema = z.object({ id: z.string(), cents: z.int(), currency: z.string().default('EUR') });
  const v2 = { ...base, version: 2, schema, aggregateId: ({ id }: { id: string }) => id } as const;

  it('gets the older output and returns the newer input', () => {
    const V2 = defineEvent({
      ...v2,
      upcast: {
        from: V1,
        with: (data) => {
          expectTypeOf(data).toEqualTypeOf<{ id: string; total: number }>();
          return { id: data.id, cents: data.total * 100 };
        },
      },
    });
    expectTypeOf(inputOf(V2)).toEqualTypeOf<{ id: string; cents: number; currency?: string | undefined }>();
    expectTypeOf(V2.version).toEqualTypeOf<2>();
    defineEvent({
      ...v2,
      version: 3,
      upcast: { from: V2, with: ({ currency, ...rest }) => ({ ...rest, currency: currency.toLowerCase() }) },
    });
    // Of a version that is not counted, the compiler does not know which is older.
    defineEvent({ ...v2, version: 20_260_131, upcast: { from: V1, with: ({ id }) => ({ id, cents: 0 }) } });
  });

  it('that is wrong does not compile', () => {
    // @ts-expect-error a field is missing
    defineEvent({ ...v2, upcast: { from: V1, with: ({ id }) => ({ id }) } });
    // @ts-expect-error a field is of the wrong type
    defineEvent({ ...v2, upcast: { from: V1, with: ({ id, total }) => ({ id, cents: String(total) }) } });
    // @ts-expect-error there is no such field in the older version
    defineEvent({ ...v2, upcast: { from: V1, with: ({ id, totl }) => ({ id, cents: totl }) } });
    // @ts-expect-error the older version has less than the function wants
    defineEvent({ ...v2, upcast: { from: V1, with: (o: { id: string; cents: number }) => ({ id: o.id, cents: 1 }) } });
    // @ts-expect-error a promise
    defineEvent({ ...v2, upcast: { from: V1, with: ({ id }) => Promise.resolve({ id, cents: 1 }) } });
    // @ts-expect-error another type
    defineEvent({ ...v2, upcast: { from: Paid, with: ({ id }) => ({ id, cents: 1 }) } });
    // @ts-expect-error the same version
    defineEvent({ ...v2, version: 1, upcast: { from: V1, with: ({ id }) => ({ id, cents: 1 }) } });
    const V3 = defineEvent({ ...v2, version: 3 });
    // @ts-expect-error a newer version
    defineEvent({ ...v2, upcast: { from: V3, with: ({ id }) => ({ id, cents: 1 }) } });
    // @ts-expect-error no function
    defineEvent({ ...v2, upcast: { from: V1 } });
    // @ts-expect-error not a contract
    defineEvent({ ...v2, upcast: { from: { type: 'orders.placed', version: 1 }, with: () => ({ id: '', cents: 1 }) } });
  });
});

describe('a schema', () => {
  const aggregateId = (): string => 'x';
  const at = z.object({ at: z.date() });
  const total = z.object({ total: z.bigint() });
  const map = z.object({ map: z.map(z.string(), z.string()) });
  const set = z.array(z.set(z.string()));
  const func = z.object({ f: z.custom<() => void>() });
  const oneWay = z.object({ size: z.string().transform((text) => text.length) });
  const codec = z.object({ at: z.codec(z.string(), z.number(), { decode: Number, encode: String }) });
  const optional = z.string().optional();

  it('whose output does not survive JSON does not compile', () => {
    // @ts-expect-error field at is a Date
    defineEvent({ ...base, schema: at, aggregateId });
    // @ts-expect-error field total is a bigint
    defineEvent({ ...base, schema: total, aggregateId });
    // @ts-expect-error field map is a Map
    defineEvent({ ...base, schema: map, aggregateId });
    // @ts-expect-error field [] is a Set
    defineEvent({ ...base, schema: set, aggregateId });
    // @ts-expect-error field f is a function
    defineEvent({ ...base, schema: func, aggregateId });
    // @ts-expect-error the data may be undefined
    defineEvent({ ...base, schema: optional, aggregateId });
    // @ts-expect-error field at is a Date, with valibot
    defineEvent({ ...base, schema: v.object({ at: v.date() }), aggregateId });
    // @ts-expect-error field at is a Date, with arktype
    defineEvent({ ...base, schema: ark({ at: 'Date' }), aggregateId });
  });

  it('that does not accept its own output does not compile', () => {
    // @ts-expect-error text goes in, a number comes out
    defineEvent({ ...base, schema: oneWay, aggregateId });
    // @ts-expect-error a codec goes one way here
    defineEvent({ ...base, schema: codec, aggregateId });
    // @ts-expect-error the same with valibot
    defineEvent({ ...base, schema: v.pipe(v.string(), v.transform(Number)), aggregateId });
    // @ts-expect-error the same with arktype
    defineEvent({ ...base, schema: ark('string').pipe(Number), aggregateId });
  });

  it('may transform to what it accepts', () => {
    defineEvent({ ...base, schema: z.string().transform((text) => text.trim()), aggregateId: (text) => text });
    defineEvent({ ...base, schema: z.object({ n: z.coerce.number() }), aggregateId });
    defineEvent({ ...base, schema: z.object({ n: z.preprocess(Number, z.number()) }), aggregateId });
    const schema = z
      .union([z.string(), z.date()])
      .transform((date) => (typeof date === 'string' ? date : date.toJSON()));
    expectTypeOf(outputOf(defineEvent({ ...base, schema, aggregateId }))).toEqualTypeOf<string>();
  });

  it('may be of any form that JSON has', () => {
    interface Tree {
      name: string;
      children: Tree[];
    }
    const tree: z.ZodType<Tree, Tree> = z.object({ name: z.string(), children: z.lazy(() => tree.array()) });
    const category = z.object({
      name: z.string(),
      get parent() {
        return category.optional();
      },
      get children() {
        return z.array(category);
      },
    });
    defineEvent({ ...base, schema: tree, aggregateId: ({ name }) => name });
    defineEvent({ ...base, schema: category, aggregateId: (data) => data.children[0]?.parent?.name ?? data.name });
    defineEvent({ ...base, schema: z.json(), aggregateId });
    defineEvent({ ...base, schema: z.record(z.string(), z.array(z.number())), aggregateId });
    defineEvent({ ...base, schema: z.looseObject({ id: z.string() }), aggregateId: ({ id }) => id });
    defineEvent({ ...base, schema: z.strictObject({ id: z.string().nullable() }), aggregateId: ({ id }) => id ?? '' });
    defineEvent({ ...base, schema: z.tuple([z.string(), z.number().optional()]), aggregateId: ([id]) => id });
    defineEvent({ ...base, schema: z.array(z.string()).readonly(), aggregateId });
    defineEvent({ ...base, schema: z.object({ list: z.array(z.string()).readonly() }).readonly(), aggregateId });
    defineEvent({ ...base, schema: z.object({ a: z.unknown(), b: z.any(), c: z.enum(['x', 'y']) }), aggregateId });
  });

  it('may be branded', () => {
    const schema = z.object({ id: z.string().brand<'OrderId'>() });
    const contract = defineEvent({ ...base, schema, aggregateId: ({ id }) => id });
    expectTypeOf(inputOf(contract)).toEqualTypeOf<{ id: string }>();
    expectTypeOf(outputOf(contract).id).toExtend<z.core.$brand<'OrderId'>>();
  });

  it('may be a discriminated union, which stays one', () => {
    const schema = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('card'), last4: z.string() }),
      z.object({ kind: z.literal('cash'), amount: z.number() }),
    ]);
    defineEvent({
      ...base,
      schema,
      aggregateId: (data) => (data.kind === 'card' ? data.last4 : String(data.amount)),
    });
  });

  it('may be of valibot or arktype', () => {
    const withValibot = defineEvent({
      ...base,
      schema: v.object({ id: v.string(), total: v.optional(v.number(), 0), note: v.exactOptional(v.string()) }),
      aggregateId: ({ id }) => id,
    });
    expectTypeOf(outputOf(withValibot)).toEqualTypeOf<{ id: string; total: number; note?: string }>();
    const withArktype = defineEvent({
      ...base,
      schema: ark({ id: 'string', 'note?': 'string', list: 'string[]' }),
      aggregateId: ({ id }) => id,
    });
    expectTypeOf(outputOf(withArktype)).toEqualTypeOf<{ id: string; note?: string; list: string[] }>();
  });
});
