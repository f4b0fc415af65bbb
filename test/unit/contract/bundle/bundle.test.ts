import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asyncApiDocument } from '../../../../src/contract/bundle/asyncapi.js';
import { bundleSchema, makeBundle, withSteadyDefaults } from '../../../../src/contract/bundle/bundle.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import { CategorySet, OrderCharged, OrderPlaced, OrderPlacedV2 } from './contracts.js';

const INFO = { name: 'shop', version: '1.2.0' };
const ALL = [OrderPlacedV2, OrderCharged, CategorySet];

function textOf(value: unknown): string {
  return JSON.stringify(value);
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return [(error as { code?: unknown }).code, (error as Error).message];
  }
}

describe('a bundle', () => {
  it('tells what others need to know, also of older versions', () => {
    const bundle = makeBundle(ALL, INFO);
    expect(bundle).toMatchObject({ format: 'tenantry.contracts', formatVersion: 1, ...INFO });
    expect(bundle.contracts.map(({ input: _, output: __, ...rest }) => rest)).toEqual([
      {
        eventType: 'catalog.category-set.v1',
        type: 'catalog.category-set',
        version: 1,
        topic: 'catalog',
        compacted: true,
        protection: 'authentic',
        examples: [],
      },
      {
        eventType: 'orders.charged.v1',
        type: 'orders.charged',
        version: 1,
        topic: 'orders',
        compacted: false,
        protection: 'fields',
        sealedFields: ['/card/number', '/iban'],
        owner: 'team-payments',
        examples: [],
      },
      {
        eventType: 'orders.placed.v1',
        type: 'orders.placed',
        version: 1,
        topic: 'orders',
        compacted: false,
        protection: 'confidential',
        examples: [],
      },
      {
        eventType: 'orders.placed.v2',
        type: 'orders.placed',
        version: 2,
        topic: 'orders',
        compacted: false,
        protection: 'confidential',
        upcastFrom: 1,
        owner: 'team-orders',
        description: 'An order was placed <and> "paid".',
        examples: [{ orderId: '42', cents: 950, currency: 'EUR' }],
      },
    ]);
    expect(bundle.contracts[3]?.input['required']).toEqual(['orderId', 'cents']);
    expect(bundle.contracts[3]?.output['required']).toEqual(['orderId', 'cents', 'currency']);
    expect(bundleSchema().parse(JSON.parse(textOf(bundle)))).toEqual(bundle);
  });

  it('is the same whatever order its contracts come in', () => {
    const text = textOf(makeBundle(ALL, INFO));
    fc.assert(
      fc.property(fc.shuffledSubarray([...ALL, OrderPlaced], { minLength: 4 }), (contracts) => {
        expect(textOf(makeBundle(contracts, INFO))).toBe(text);
      }),
    );
  });

  it('refuses two contracts of one type and version, and examples that do not fit', () => {
    const base = {
      type: 'orders.placed',
      topic: 'orders',
      protection: 'confidential',
      aggregateId: () => '1',
    } as const;
    const other = defineEvent({ ...base, version: 1, schema: z.object({ orderId: z.int() }) });
    expect(codeOf(() => makeBundle([OrderPlacedV2, other], INFO))).toEqual([
      'CONTRACT_CONFLICT',
      'there are two contracts of orders.placed.v1',
    ]);
    const wrong = defineEvent({
      ...base,
      version: 3,
      schema: z.object({ orderId: z.string(), count: z.int().max(5) }),
      examples: [
        { orderId: '1', count: 1 },
        { orderId: '2', count: 6 },
      ],
    });
    expect(codeOf(() => makeBundle([wrong], INFO))).toEqual([
      'INVALID_CONTRACT',
      'event contract orders.placed.v3: examples[1]: orders.placed.v3: count is too large or too long',
    ]);
  });

  it('leaves out the defaults that are never the same', () => {
    let count = 0;
    const next = (): string => `id-${(count += 1)}`;
    const moving = defineEvent({
      type: 'orders.moving',
      version: 1,
      topic: 'orders',
      schema: z.object({
        id: z.string().default(next),
        default: z.string().default('kept'),
        list: z.array(z.object({ id: z.string().default(next), n: z.number().default(1) })),
      }),
      aggregateId: ({ id }) => id,
      protection: 'none',
      examples: [{ list: [] }, { id: 'x', list: [] }],
    });
    const make = (): ReturnType<typeof makeBundle> => makeBundle([moving], INFO);
    const [contract] = withSteadyDefaults(make(), make()).contracts;
    expect(contract?.output['properties']).toEqual({
      id: { type: 'string' },
      default: { type: 'string', default: 'kept' },
      list: {
        type: 'array',
        items: {
          type: 'object',
          properties: { id: { type: 'string' }, n: { type: 'number', default: 1 } },
          required: ['id', 'n'],
          additionalProperties: false,
        },
      },
    });
    expect(contract?.examples).toEqual([{ id: 'x', default: 'kept', list: [] }]);
  });
});

describe('the AsyncAPI document of a bundle', () => {
  const bundle = makeBundle(ALL, INFO);
  const text = textOf(asyncApiDocument(bundle));

  it('is valid, says the official parser, and has every contract as a message of its topic', async () => {
    const { document, diagnostics } = await new Parser().parse(text);
    expect(diagnostics.filter(({ severity }) => `${severity}` === '0')).toEqual([]);
    const channels = document
      ?.channels()
      .all()
      .map((channel) => [
        channel.address(),
        channel
          .messages()
          .all()
          .map((message) => message.id()),
      ]);
    expect(channels).toEqual([
      ['catalog', ['catalog.category-set.v1']],
      ['orders', ['orders.charged.v1', 'orders.placed.v1', 'orders.placed.v2']],
    ]);
    const placed = document?.channels().get('orders')?.messages().get('orders.placed.v2');
    expect(
      placed
        ?.examples()
        .all()
        .map((example) => example.payload()),
    ).toEqual(bundle.contracts[3]?.examples);
    expect(placed?.payload()?.properties()?.['cents']?.type()).toBe('integer');
    expect(
      document
        ?.operations()
        .all()
        .every((operation) => operation.isSend()),
    ).toBe(true);
  });

  it('is known to be checked: what is wrong in it is found', async () => {
    const { diagnostics } = await new Parser().parse(
      text.replace('#/components/schemas/orders.placed.v2', '#/nowhere'),
    );
    expect(diagnostics.filter(({ severity }) => `${severity}` === '0')).not.toEqual([]);
  });

  it('has schemas that take and refuse the same as those of the bundle', () => {
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, object> } };
    const draft7 = new Ajv({ strict: false, validateFormats: false });
    draft7.addSchema({ $id: 'doc.json', components });
    const values: [eventType: string, value: unknown, fits: boolean][] = [
      ['orders.placed.v2', { orderId: '1', cents: 5, currency: 'EUR' }, true],
      ['orders.placed.v2', { orderId: '1', cents: 5 }, false],
      ['orders.charged.v1', { orderId: '1', card: { brand: 'V', number: '4' }, pair: ['a', 1] }, true],
      ['orders.charged.v1', { orderId: '1', card: { brand: 'V', number: '4' }, pair: ['a', 'b'] }, false],
      ['orders.charged.v1', { orderId: '1', card: { brand: 'V', number: '4' }, pair: ['a', 1, 2] }, false],
      ['catalog.category-set.v1', { orderId: '1', at: null, root: { name: 'a', children: [] } }, true],
      [
        'catalog.category-set.v1',
        { orderId: '1', at: null, root: { name: 'a', children: [{ name: 'b', children: [{ name: 5 }] }] } },
        false,
      ],
    ];
    for (const [eventType, value, fits] of values) {
      const { output = {} } = bundle.contracts.find((contract) => contract.eventType === eventType) ?? {};
      expect(new Ajv2020({ strict: false, validateFormats: false }).validate(output, value), textOf(value)).toBe(fits);
      expect(draft7.validate(`doc.json#/components/schemas/${eventType}`, value), textOf(value)).toBe(fits);
    }
  });
});
