import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleSchema, makeBundle, type ContractBundle } from '../../../../src/contract/bundle/bundle.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../../../src/contract/event-contract.js';
import { compareExpectation } from '../../../../src/contract/expectation/compare-expectation.js';
import {
  consumerExpectation,
  expectationSchema,
  withProducers,
} from '../../../../src/contract/expectation/expectation.js';

interface Said {
  readonly version?: number;
  readonly topic?: string;
  readonly protection?: Protection;
  readonly upcast?: object;
}

function placed(fields: z.ZodRawShape, said: Said = {}): AnyEventContract {
  return defineEvent({
    type: 'orders.placed',
    version: 1,
    topic: 'orders',
    protection: 'none',
    schema: z.object({ id: z.string(), ...fields }),
    aggregateId: () => 'a',
    ...said,
  } as never);
}

const Paid = defineEvent({
  type: 'orders.paid',
  version: 1,
  topic: 'orders',
  protection: 'none',
  schema: z.object({ id: z.string() }),
  aggregateId: ({ id }) => id,
});

const verdicts = (expected: readonly AnyEventContract[], promised: readonly AnyEventContract[]) =>
  compareExpectation(consumerExpectation('invoices', expected), makeBundle(promised, { name: 'shop', version: '1' }));

describe('consumerExpectation', () => {
  it('tells what a consumer reads and needs, as a file that is read again as it was written', () => {
    const lines = z.array(z.object({ sku: z.string(), note: z.string().optional() }));
    const expectation = consumerExpectation('invoices', [placed({ lines, gift: z.boolean().default(false) })]);
    expect(expectation).toMatchObject({
      format: 'tenantry.expectation',
      formatVersion: 1,
      consumer: 'invoices',
      contracts: [
        {
          eventType: 'orders.placed.v1',
          type: 'orders.placed',
          version: 1,
          topic: 'orders',
          compacted: false,
          protection: 'none',
          reads: { type: 'object', required: ['id', 'lines'] },
          needs: ['id', 'lines', 'lines[].sku'],
        },
      ],
    });
    expect(expectationSchema().parse(JSON.parse(JSON.stringify(expectation)))).toEqual(expectation);
  });

  it('holds the older versions that are upcast', () => {
    const First = placed({});
    const Second = placed({ total: z.number() }, { version: 2, upcast: { from: First, with: () => ({}) } });
    expect(consumerExpectation('invoices', [Second]).contracts.map(({ eventType }) => eventType)).toEqual([
      'orders.placed.v1',
      'orders.placed.v2',
    ]);
  });
});

describe('compareExpectation', () => {
  it('is met where all that may be written is read, also by a reader that knows less', () => {
    expect(verdicts([placed({})], [placed({ total: z.number() }), Paid])).toEqual([
      { eventType: 'orders.placed.v1', verdict: 'met', findings: [] },
    ]);
  });

  it('is unmet where something may be written that is not read, with the field and the reason', () => {
    expect(verdicts([placed({ total: z.number().min(0) })], [placed({ total: z.number() })])).toEqual([
      {
        eventType: 'orders.placed.v1',
        verdict: 'unmet',
        findings: [{ verdict: 'certain', place: 'total', reason: 'is read from 0 on, and may be less' }],
      },
    ]);
    expect(verdicts([placed({ note: z.string() })], [placed({})])).toMatchObject([
      { verdict: 'unmet', findings: [{ place: 'note', reason: 'is required by readers, and is never written' }] },
    ]);
  });

  it('is undecided where nobody can tell', () => {
    const [wants, has] = [placed({ sku: z.string().regex(/^a/) }), placed({ sku: z.string().regex(/^[a]/) })];
    expect(verdicts([wants], [has])).toMatchObject([{ verdict: 'undecided', findings: [{ verdict: 'undecided' }] }]);
  });

  it('is unmet where a contract is not promised, or a version is that the consumer does not know', () => {
    expect(verdicts([placed({}), Paid], [placed({}), placed({}, { version: 2 })])).toEqual([
      { eventType: 'orders.paid.v1', verdict: 'unmet', findings: [expect.objectContaining({ place: '(contract)' })] },
      { eventType: 'orders.placed.v1', verdict: 'met', findings: [] },
      { eventType: 'orders.placed.v2', verdict: 'unmet', findings: [expect.objectContaining({ place: '(version)' })] },
    ]);
  });

  it('lets a version go that the producer no longer has, where the consumer reads another', () => {
    const First = placed({});
    const Second = placed({}, { version: 2, upcast: { from: First, with: (data: unknown) => data } });
    expect(verdicts([Second], [placed({}, { version: 2 })])).toMatchObject([
      { eventType: 'orders.placed.v1', verdict: 'retired' },
      { eventType: 'orders.placed.v2', verdict: 'met' },
    ]);
  });

  it('is verified against every bundle that has the contract', () => {
    const expected = consumerExpectation('invoices', [placed({ total: z.number() })]);
    const of = (total: z.ZodType) => makeBundle([placed({ total })], { name: 'shop', version: '1' });
    const [good, bad] = [of(z.number()), of(z.string())];
    for (const both of [
      [good, bad],
      [bad, good],
    ]) {
      const contracts = both.flatMap((one) => one.contracts);
      expect(compareExpectation(expected, { ...good, contracts })).toMatchObject([
        { verdict: 'unmet', findings: [{ place: 'total' }] },
      ]);
    }
  });

  it('takes no bundle that has a contract twice, or under another name', () => {
    const { contracts, ...rest } = makeBundle([placed({})], { name: 'shop', version: '1' });
    const messages = (all: readonly object[]) =>
      bundleSchema()
        .safeParse({ ...rest, contracts: all })
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(messages(contracts)).toBeUndefined();
    expect(messages([...contracts, ...contracts])).toEqual(['contracts.1.eventType: is there twice']);
    expect(messages([{ ...contracts[0], version: 2 }])).toEqual([
      'contracts.0.eventType: must be the type and the version',
    ]);
  });

  it('takes no expectation of nothing, which every bundle would meet, and no schema too deep to walk through', () => {
    const expectation = consumerExpectation('invoices', [placed({})]);
    const problems = (changed: object): readonly string[] | undefined =>
      expectationSchema()
        .safeParse({ ...expectation, ...changed })
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(problems({})).toBeUndefined();
    expect(problems({ contracts: [] })).toEqual(['contracts: must hold at least one']);
    const reads = JSON.parse(`${'{"items":'.repeat(5_000)}{}${'}'.repeat(5_000)}`) as object;
    expect(problems({ contracts: [{ ...expectation.contracts[0], reads }] })).toEqual([
      'contracts.0.reads: must not be nested deeper than 200 levels',
    ]);
  });

  it('asks no producer for what another one promises, and each for its own', () => {
    const shop = makeBundle([placed({})], { name: 'shop', version: '1' });
    const till = makeBundle([Paid], { name: 'till', version: '1' });
    const expectation = withProducers(consumerExpectation('invoices', [placed({}), Paid]), [shop, till]);
    expect(expectation.contracts.map(({ producers }) => producers)).toEqual([['till'], ['shop']]);
    const told = (bundle: ContractBundle): readonly string[] =>
      compareExpectation(expectation, bundle).map(({ eventType, verdict }) => `${eventType} ${verdict}`);
    expect(told(shop)).toEqual(['orders.paid.v1 elsewhere', 'orders.placed.v1 met']);
    expect(told(till)).toEqual(['orders.paid.v1 met', 'orders.placed.v1 elsewhere']);
    expect(told({ ...till, contracts: shop.contracts })).toEqual(['orders.paid.v1 unmet', 'orders.placed.v1 met']);
    expect(told({ ...shop, name: 'bank', contracts: [] })).toEqual(['orders.paid.v1 unmet', 'orders.placed.v1 unmet']);
    expect(told({ ...shop, contracts: till.contracts })).toEqual(['orders.paid.v1 met', 'orders.placed.v1 unmet']);
  });

  it('is unmet where topic or protection are others', () => {
    const sealed = { protection: { fields: ['/id'] } };
    expect(verdicts([placed({})], [placed({}, { topic: 'sales', ...sealed })])).toMatchObject([
      {
        verdict: 'unmet',
        findings: [
          { place: '(topic)', reason: 'is sales, and orders is expected' },
          { place: '(protection)', reason: 'is sealed fields /id, and none is expected' },
        ],
      },
    ]);
  });
});
