// What `defineEvent` demands of a schema's types, and the sentence it answers with.
import type * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { JsonProblem, SurvivesJson } from '../../src/contract/json-safe.js';

type Advice = ', which does not survive JSON: let the schema return a string or a number';
type Is<Where extends string, What extends string> = `${Where} is a ${What}${Advice}`;
type OneWay =
  'the schema does not accept what it returns: a transform must accept its own output, because consumers validate with the same schema';

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}

interface DatedTree {
  readonly left?: DatedTree;
  readonly right?: DatedTree;
  readonly at: Date;
}

/** An expression language: each of ten kinds refers to all ten, so a naive walk of twelve levels takes 10^12 steps. */
type Expression = {
  [Kind in 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j']: {
    readonly kind: Kind;
    readonly operands: readonly Expression[];
    readonly named: Readonly<Record<string, Expression>>;
    readonly first?: Expression;
  };
}['a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j'];

interface Deep<Leaf> {
  a: { b: { c: { d: { e: { f: { g: { h: Leaf } } } } } } };
}

describe('what survives JSON', () => {
  it('is accepted', () => {
    expectTypeOf<JsonProblem<string>>().toBeNever();
    expectTypeOf<JsonProblem<{ id: string; total: number; paid: boolean; note: string | null }>>().toBeNever();
    expectTypeOf<JsonProblem<{ note?: string; other?: string | undefined }>>().toBeNever();
    expectTypeOf<JsonProblem<readonly { sku: string }[]>>().toBeNever();
    expectTypeOf<JsonProblem<[string, number?]>>().toBeNever();
    expectTypeOf<JsonProblem<readonly [string, ...number[]]>>().toBeNever();
    expectTypeOf<JsonProblem<Record<string, number[]>>>().toBeNever();
    expectTypeOf<JsonProblem<{ kind: 'a'; x: number } | { kind: 'b'; y: string }>>().toBeNever();
    expectTypeOf<JsonProblem<'a' | 'b' | 1 | `order-${number}`>>().toBeNever();
    expectTypeOf<JsonProblem<object>>().toBeNever();
    expectTypeOf<JsonProblem<Record<string, never>>>().toBeNever();
    expectTypeOf<JsonProblem<never>>().toBeNever();
    expectTypeOf<JsonProblem<string & z.core.$brand<'Id'>>>().toBeNever();
    expectTypeOf<JsonProblem<{ id: string } & v.Brand<'Order'>>>().toBeNever();
  });

  it('is believed where the type says nothing', () => {
    expectTypeOf<JsonProblem<unknown>>().toBeNever();
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what z.any() gives
    expectTypeOf<JsonProblem<{ loose: any; open: unknown; list: unknown[] }>>().toBeNever();
  });

  it('may be recursive', () => {
    expectTypeOf<JsonProblem<Tree>>().toBeNever();
    expectTypeOf<JsonProblem<z.core.util.JSONType>>().toBeNever();
    expectTypeOf<JsonProblem<Expression>>().toBeNever();
    expectTypeOf<SurvivesJson<Expression, Expression>>().toBeUnknown();
  });
});

describe('what does not survive JSON', () => {
  it('is named, with its place', () => {
    expectTypeOf<JsonProblem<Date>>().toEqualTypeOf<Is<'the data', 'Date'>>();
    expectTypeOf<JsonProblem<{ at: Date }>>().toEqualTypeOf<Is<'field at', 'Date'>>();
    expectTypeOf<JsonProblem<{ at?: Date | string }>>().toEqualTypeOf<Is<'field at', 'Date'>>();
    expectTypeOf<JsonProblem<{ total: bigint }>>().toEqualTypeOf<Is<'field total', 'bigint'>>();
    expectTypeOf<JsonProblem<{ m: Map<string, number> }>>().toEqualTypeOf<Is<'field m', 'Map'>>();
    expectTypeOf<JsonProblem<{ s: ReadonlySet<string> }>>().toEqualTypeOf<Is<'field s', 'Set'>>();
    expectTypeOf<JsonProblem<{ f: () => void }>>().toEqualTypeOf<Is<'field f', 'function'>>();
    expectTypeOf<JsonProblem<{ s: symbol }>>().toEqualTypeOf<Is<'field s', 'symbol'>>();
    expectTypeOf<JsonProblem<{ b: Buffer }>>().toEqualTypeOf<Is<'field b', 'typed array or Buffer'>>();
    expectTypeOf<JsonProblem<{ b: Float64Array }>>().toEqualTypeOf<Is<'field b', 'typed array or Buffer'>>();
    expectTypeOf<JsonProblem<{ r: RegExp }>>().toEqualTypeOf<Is<'field r', 'RegExp'>>();
    expectTypeOf<JsonProblem<{ u: URL }>>().toEqualTypeOf<Is<'field u', 'URL'>>();
    expectTypeOf<JsonProblem<{ p: Promise<string> }>>().toEqualTypeOf<Is<'field p', 'Promise'>>();
  });

  it('is found behind arrays, tuples, unions, index signatures and brands', () => {
    expectTypeOf<JsonProblem<{ lines: { at: Date }[] }>>().toEqualTypeOf<Is<'field lines[].at', 'Date'>>();
    expectTypeOf<JsonProblem<readonly Date[]>>().toEqualTypeOf<Is<'field []', 'Date'>>();
    expectTypeOf<JsonProblem<{ pair: readonly [string, bigint?] }>>().toEqualTypeOf<Is<'field pair[]', 'bigint'>>();
    expectTypeOf<JsonProblem<{ by: Record<string, Date> }>>().toEqualTypeOf<Is<'field by.*', 'Date'>>();
    expectTypeOf<JsonProblem<{ k: 'a' } | { k: 'b'; at: Date }>>().toEqualTypeOf<Is<'field at', 'Date'>>();
    expectTypeOf<JsonProblem<{ at: Date & z.core.$brand<'At'> }>>().toEqualTypeOf<Is<'field at', 'Date'>>();
  });

  it('is named for each place of the shallowest depth', () => {
    expectTypeOf<JsonProblem<{ at: Date; total: bigint; deeper: { at: Date } }>>().toEqualTypeOf<
      Is<'field at', 'Date'> | Is<'field total', 'bigint'>
    >();
  });

  it('is found in deep and in recursive types', () => {
    expectTypeOf<JsonProblem<Deep<string>>>().toBeNever();
    expectTypeOf<JsonProblem<Deep<Date>>>().toEqualTypeOf<Is<'field a.b.c.d.e.f.g.h', 'Date'>>();
    expectTypeOf<JsonProblem<DatedTree>>().toEqualTypeOf<Is<'field at', 'Date'>>();
    expectTypeOf<JsonProblem<{ e: Expression | Date }>>().toEqualTypeOf<Is<'field e', 'Date'>>();
  });

  it('includes undefined where JSON has no way to leave it out', () => {
    expectTypeOf<
      JsonProblem<string | undefined>
    >().toEqualTypeOf<'the data may be undefined, which JSON cannot hold'>();
    expectTypeOf<
      JsonProblem<{ list: (string | undefined)[] }>
    >().toEqualTypeOf<'field list[] may be undefined, which JSON writes as null inside an array'>();
  });
});

describe('what a schema must accept', () => {
  it('is its own output', () => {
    expectTypeOf<SurvivesJson<string, string>>().toBeUnknown();
    expectTypeOf<SurvivesJson<{ n?: number | undefined }, { n: number }>>().toBeUnknown();
    expectTypeOf<SurvivesJson<{ n?: number }, { n?: number }>>().toBeUnknown();
    expectTypeOf<SurvivesJson<string | number, string>>().toBeUnknown();
    expectTypeOf<SurvivesJson<unknown, { n: number }>>().toBeUnknown();
    expectTypeOf<SurvivesJson<string, number>>().toEqualTypeOf<OneWay>();
    expectTypeOf<SurvivesJson<{ n: string }, { n: number }>>().toEqualTypeOf<OneWay>();
    expectTypeOf<SurvivesJson<{ n: string }, { n: string | null }>>().toEqualTypeOf<OneWay>();
    expectTypeOf<SurvivesJson<{ n: number }, { n?: number }>>().toEqualTypeOf<OneWay>();
    expectTypeOf<SurvivesJson<string[], string[][]>>().toEqualTypeOf<OneWay>();
  });

  it('is its own output also where only the output is readonly', () => {
    expectTypeOf<SurvivesJson<string[], readonly string[]>>().toBeUnknown();
    expectTypeOf<
      SurvivesJson<{ l: { t: [string] }[] }, { l: readonly { readonly t: readonly [string] }[] }>
    >().toBeUnknown();
    expectTypeOf<SurvivesJson<{ l?: string[] }, { l: readonly string[] }>>().toBeUnknown();
    expectTypeOf<SurvivesJson<number[], readonly string[]>>().toEqualTypeOf<OneWay>();
  });
});
