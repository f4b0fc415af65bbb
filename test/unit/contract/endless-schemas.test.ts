// What a bundle from elsewhere may hold: short schemas that stand for very much, or for something without an end.
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from '../../../src/contract/bundle/asyncapi.js';
import { bundleSchema, withSteadyDefaults, type ContractBundle } from '../../../src/contract/bundle/bundle.js';
import { contractsPage } from '../../../src/contract/bundle/contracts-page.js';
import { fieldRows, FURTHER_FIELDS } from '../../../src/contract/bundle/field-rows.js';
import { compareBundles } from '../../../src/contract/compatibility/compare-bundles.js';
import { compareSchemas } from '../../../src/contract/compatibility/compare-schemas.js';
import { mayHold } from '../../../src/contract/declared-path.js';
import type { SchemaObject } from '../../../src/contract/json-schema/subschemas.js';

type Schema = Readonly<Record<string, unknown>>;

const to = (index: number): Schema => ({ $ref: `#/$defs/d${index}` });

/** Each definition is made of the next. */
function chain(length: number, make: (next: Schema) => Schema, end: Schema = { type: 'string' }): Schema {
  const definitions = Array.from({ length }, (_, index) => [`d${index}`, make(to(index + 1))] as const);
  return { ...to(0), $defs: Object.fromEntries([...definitions, [`d${length}`, end]]) };
}

/** Each definition is made of all the others. */
function web(count: number, make: (others: readonly Schema[]) => Schema): Schema {
  const indexes = [...Array(count).keys()];
  const others = (index: number): readonly Schema[] => indexes.filter((other) => other !== index).map(to);
  return { ...to(0), $defs: Object.fromEntries(indexes.map((index) => [`d${index}`, make(others(index))])) };
}

const object = (properties: Schema): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const DEPTH = 30;
const schemas: Readonly<Record<string, Schema>> = {
  'a chain of two fields each': chain(DEPTH, (next) => object({ a: next, b: next })),
  'a chain of two forms each': chain(DEPTH, (next) => ({ anyOf: [next, next] })),
  'a chain of two exclusive forms each': chain(DEPTH, (next) => ({ oneOf: [next, next] })),
  'a chain of two forms with a field each': chain(DEPTH, (next) => ({
    anyOf: [object({ a: next }), object({ b: next })],
  })),
  'a chain of two conditions each': chain(DEPTH, (next) => ({ allOf: [next, next] }), object({ a: {} })),
  'a chain of pairs': chain(DEPTH, (next) => ({ type: 'array', prefixItems: [next, next] })),
  'a chain of lists and maps': chain(DEPTH, (next) => ({ items: next, additionalProperties: next })),
  'a chain with keywords beside each reference': chain(DEPTH, (next) => ({
    ...next,
    minLength: 1,
    anyOf: [next, next],
  })),
  'a chain of what is not': chain(DEPTH, (next) => ({ not: { anyOf: [next, next] } })),
  'a long chain': chain(1_000, (next) => object({ a: next })),
  'a long chain of conditions': chain(1_000, (next) => ({ allOf: [next] })),
  'a web of fields': web(12, (others) => object(Object.fromEntries(others.map((other, at) => [`f${at}`, other])))),
  'a web of forms': web(12, (others) => ({ anyOf: others })),
  'a web of conditions': web(12, (others) => ({ allOf: others })),
  'one that refers to itself twice': { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } } },
  'one that is itself': { $ref: '#' },
  'one that is itself, twice': { anyOf: [{ $ref: '#' }, { $ref: '#' }] },
};

function bundleOf(schema: SchemaObject): ContractBundle {
  return bundleSchema().parse({
    format: 'tenantry.contracts',
    formatVersion: 1,
    name: 'elsewhere',
    version: '1',
    contracts: [
      {
        eventType: 'orders.placed.v1',
        type: 'orders.placed',
        version: 1,
        topic: 'orders',
        compacted: false,
        protection: 'none',
        input: schema,
        output: schema,
        examples: [],
      },
    ],
  });
}

describe.each(Object.entries(schemas))('%s', (_, schema) => {
  it('has a page, a document and steady defaults', () => {
    const bundle = bundleOf(schema);
    expect(contractsPage(bundle)).toContain('orders.placed');
    expect(asyncApiDocument(bundle)).toMatchObject({ asyncapi: '3.0.0' });
    expect(withSteadyDefaults(bundle, bundle)).toEqual(bundle);
  });

  it('is compared with itself and with another, and never said not to fit itself', () => {
    const [verdict] = compareBundles([bundleOf(schema)], bundleOf(structuredClone(schema)), 'backward');
    expect(['same', 'undecided']).toContain(verdict?.verdict);
    expect(compareSchemas(schema, { type: 'boolean' })).not.toEqual([]);
  });

  it('is looked through for a path of many names', () => {
    expect(typeof mayHold(schema, Array<string>(DEPTH).fill('a'))).toBe('boolean');
  });
});

describe('a schema that stands for very much', () => {
  it('has the rows that lie less deep, and one that says that there are more', () => {
    const rows = fieldRows(schemas['a chain of two fields each'] ?? {});
    expect(rows.at(-1)).toBe(FURTHER_FIELDS);
    expect(rows.length).toBeGreaterThan(250);
    expect(rows.slice(0, -1).map(({ place }) => place)).toEqual(expect.arrayContaining(['a', 'a.a', 'b', 'b.b']));
    expect(rows.findIndex(({ place }) => place === 'b')).toBeGreaterThan(
      rows.findIndex(({ place }) => place === 'a.b'),
    );
    expect(contractsPage(bundleOf(schemas['a chain of two fields each'] ?? {}))).toContain('too many to be listed');
    expect(fieldRows(object({ a: { type: 'string' } })).at(-1)?.place).toBe('a');
  });

  it('fits itself where each part of it does, which is proven once', () => {
    for (const name of ['a chain of two fields each', 'a chain of pairs', 'a long chain of conditions']) {
      const schema = name.startsWith('a long') ? chain(20, (next) => ({ allOf: [next] })) : schemas[name];
      expect([name, compareSchemas(schema ?? {}, structuredClone(schema ?? {}))]).toEqual([name, []]);
    }
  });

  it('is not taken to fit because a part was, while it was open, that does not', () => {
    // A list of forms is tried: the first holds for the tree as long as the tree itself is taken to fit.
    const tree = (leaf: Schema): Schema => ({
      $ref: '#/$defs/tree',
      $defs: {
        tree: object({ first: { $ref: '#/$defs/leaf' }, more: { $ref: '#/$defs/list' } }),
        list: { type: 'array', items: { $ref: '#/$defs/tree' } },
        leaf,
      },
    });
    const root = (schema: Schema): Schema => ({
      ...object({ tree: { $ref: '#/$defs/tree' }, list: { $ref: '#/$defs/list' } }),
      $defs: schema['$defs'],
    });
    const found = compareSchemas(root(tree({ type: 'string' })), root(tree({ type: 'string', minLength: 3 })));
    expect(found.map(({ place }) => place)).toEqual(expect.arrayContaining(['tree.first', 'list[].first']));
  });

  it('has examples that are not nested deeper than can be written', () => {
    const example = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown;
    const { contracts, ...rest } = bundleOf({});
    const result = bundleSchema().safeParse({ ...rest, contracts: [{ ...contracts[0], examples: [example] }] });
    expect(result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      'contracts.0.examples.0: must not be nested deeper than 200 levels',
    ]);
  });
});
