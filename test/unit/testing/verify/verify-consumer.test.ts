import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineEvent, TenantKafka, type AnyEventContract, type Worker } from 'tenantry';
import {
  InMemoryKafka,
  recordExpectation,
  verifyConsumer,
  verifyExpectation,
  type ContractBundle,
} from 'tenantry/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeBundle } from '../../../../src/contract/bundle/bundle.js';

const base = { topic: 'orders', protection: 'confidential' } as const;

function placed(fields: z.ZodRawShape): AnyEventContract {
  return defineEvent({
    ...base,
    type: 'orders.placed',
    version: 1,
    schema: z.object({ orderId: z.string().min(1).max(40), total: z.number().min(0), ...fields }),
    aggregateId: ({ orderId }: { orderId: string }) => orderId,
  } as never);
}

const Placed = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 1,
  schema: z.object({ orderId: z.string().min(1).max(40), total: z.number().min(0) }),
  aggregateId: ({ orderId }) => orderId,
});
const PlacedV2 = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 2,
  schema: z.object({ orderId: z.string().min(1).max(40), total: z.number().min(0), currency: z.enum(['EUR', 'USD']) }),
  aggregateId: ({ orderId }) => orderId,
  upcast: { from: Placed, with: (order) => ({ ...order, currency: 'EUR' as const }) },
});
const Invoiced = defineEvent({
  topic: 'invoices',
  protection: 'none',
  type: 'invoices.made',
  version: 1,
  schema: z.object({ orderId: z.string(), cents: z.int() }),
  aggregateId: ({ orderId }) => orderId,
});

const bundle = (...contracts: AnyEventContract[]): ContractBundle =>
  JSON.parse(JSON.stringify(makeBundle(contracts, { name: 'shop', version: '1' }))) as ContractBundle;
const verify = (
  register: (worker: Worker, kafka: TenantKafka) => unknown,
  bundles: readonly unknown[],
  publishes?: unknown,
) => verifyConsumer({ consumer: 'invoices', bundles, register, publishes });

const makeInvoice = (worker: Worker): Worker =>
  worker.on(PlacedV2, async ({ data }, { tenant }) => {
    await tenant.publish(Invoiced, { orderId: data.orderId, cents: Math.min(Math.round(data.total * 100), 1e15) });
  });

describe('verifyConsumer', () => {
  it('is content with a consumer that takes whatever may be written, in every version', async () => {
    const seen = new Set<number>();
    const { texts, contracts, published, expectation } = await verify(
      (worker) =>
        worker.on(PlacedV2, async ({ data, publishedVersion }, { tenant }) => {
          seen.add(publishedVersion);
          await tenant.publish(Invoiced, { orderId: data.orderId, cents: 1 });
        }),
      [bundle(PlacedV2)],
      bundle(Invoiced),
    );
    expect(texts).toEqual([]);
    expect(seen).toEqual(new Set([1, 2]));
    expect(contracts).toMatchObject([
      { eventType: 'orders.placed.v1', dropped: [] },
      { eventType: 'orders.placed.v2', dropped: [] },
    ]);
    for (const { handled, rejected } of contracts) {
      expect(handled).toBeGreaterThan(8);
      expect(rejected).toBeGreaterThan(8);
    }
    expect(published).toEqual({ 'invoices.made.v1': contracts.reduce((sum, { handled }) => sum + handled, 0) });
    expect(expectation.contracts.map(({ eventType }) => eventType)).toEqual(['orders.placed.v1', 'orders.placed.v2']);
  });

  it('gives handlers that close over a client the one in memory', async () => {
    const { texts, published } = await verify(
      (worker, kafka) => worker.on(Placed, ({ data }) => kafka.publish(Invoiced, { orderId: data.orderId, cents: 1 })),
      [bundle(Placed)],
      bundle(Invoiced),
    );
    expect(texts).toEqual([]);
    expect(published['invoices.made.v1']).toBeGreaterThan(8);
  });

  it('tells which event a handler does not take', async () => {
    const failure = new RangeError('there is nothing to pay');
    const { problems, contracts } = await verify(
      (worker) =>
        // A second try would take it, as where somebody has meanwhile done what is missing.
        worker.on(Placed, ({ data }, { attempt }) => {
          if (data.total === 0 && attempt === 1) throw failure;
        }),
      [bundle(Placed)],
    );
    expect(problems).toEqual([
      {
        eventType: 'orders.placed.v1',
        check: 'handles',
        place: 'total: the lowest, 0',
        reason: 'was dead-lettered (HANDLER_FAILED, RangeError)',
        isUndecided: false,
        error: failure,
      },
    ]);
    expect(contracts[0]!.handled).toBeGreaterThan(8);
  });

  it('tells what the consumer needs and nobody promises, and that such events are dead-lettered', async () => {
    const { texts } = await verify(
      (worker) => worker.on(placed({ note: z.string() }), () => undefined),
      [bundle(Placed)],
    );
    expect(texts).toContain('orders.placed.v1 needs: note: is required by readers, and is never written');
    expect(texts).toContain('orders.placed.v1 handles: (root): typical 1: was dead-lettered (PAYLOAD_INVALID)');
  });

  it('tells of a version that it does not know, and of a contract that nobody promises', async () => {
    const { texts } = await verify((worker) => worker.on([Placed, Invoiced], () => undefined), [bundle(PlacedV2)]);
    expect(texts).toEqual([
      'invoices.made.v1 needs: (contract): is expected, and nobody promises it',
      'orders.placed.v2 needs: (version): may be written, and the consumer knows no handler or upcast for this version',
    ]);
  });

  it('tells what handlers publish that is not in their own bundle, or is something else there', async () => {
    const missing = await verify(makeInvoice, [bundle(PlacedV2)], bundle(Placed));
    expect(missing.texts).toEqual([
      'invoices.made.v1 publishes: (contract): is published, and is not in the bundle shop 1',
    ]);
    const Older = defineEvent({
      topic: 'bills',
      protection: 'none',
      type: 'invoices.made',
      version: 1,
      schema: z.object({ orderId: z.string(), cents: z.int().max(100) }),
      aggregateId: ({ orderId }) => orderId,
    });
    const other = await verify(makeInvoice, [bundle(PlacedV2)], bundle(Older));
    expect(other.texts).toEqual(
      expect.arrayContaining([
        'invoices.made.v1 publishes: (topic): is invoices, and bills in the bundle',
        'invoices.made.v1 publishes: (root): an event was published that does not fit the schema of the bundle',
        expect.stringContaining('invoices.made.v1 publishes: cents: the contract is another one than in the bundle'),
      ]),
    );
  });

  it('tells where what is published is protected or kept otherwise than in its own bundle', async () => {
    const told = bundle(Invoiced);
    const [contract] = told.contracts;
    const other = { ...told, contracts: [{ ...contract, protection: 'confidential', compacted: true }] };
    const { texts } = await verify(makeInvoice, [bundle(PlacedV2)], other);
    expect(texts).toEqual([
      'invoices.made.v1 publishes: (protection): is none, and confidential in the bundle',
      'invoices.made.v1 publishes: (compacted): is false, and true in the bundle',
    ]);
  });

  it('says that it has not looked into what a client of the service published', async () => {
    await using memory = new InMemoryKafka();
    await using service = new TenantKafka({ clientId: 'invoices', brokers: memory.brokers });
    const { texts } = await verifyConsumer({
      consumer: 'invoices',
      bundles: [bundle(Placed)],
      publishes: bundle(Invoiced),
      kafka: memory.client(),
      register: (worker) =>
        worker.on(Placed, async ({ data }) => {
          await service.publish(Invoiced, { orderId: data.orderId, cents: 1 });
        }),
    });
    expect(texts).toEqual([
      'invoices.made.v1 publishes, undecided: (root): was published by a client of its own, so its data were not looked into',
    ]);
  });

  it('delivers a tombstone where a topic is compacted', async () => {
    const Profile = defineEvent({
      topic: 'profiles',
      protection: 'authentic',
      type: 'profiles.changed',
      version: 1,
      compacted: true,
      schema: z.object({ id: z.string().min(1) }),
      aggregateId: ({ id }) => id,
    });
    const seen: (string | undefined)[] = [];
    const careless = await verify(
      (worker) =>
        worker.on(Profile, ({ data }) => {
          seen.push((data as { id: string }).id);
        }),
      [bundle(Profile)],
    );
    expect(careless.texts).toEqual([expect.stringMatching(/ handles: \(root\): a tombstone: was dead-lettered /)]);
    const careful = await verify(
      (worker) =>
        worker.on(Profile, ({ data }) => {
          seen.push(data?.id);
        }),
      [bundle(Profile)],
    );
    expect(careful.texts).toEqual([]);
    expect(seen).toContain(undefined);
  });

  it('is not content where no event can be made, unless the producer gives examples', async () => {
    const make = (examples: { orderId: string }[] = []) =>
      defineEvent({
        ...base,
        type: 'orders.placed',
        version: 1,
        schema: z.object({ orderId: z.string().regex(/^(?=o-)o-[0-9]{3}$/) }),
        aggregateId: ({ orderId }) => orderId,
        examples,
      });
    const run = (contract: ReturnType<typeof make>) => {
      const fails = (): void => {
        throw new Error('not today');
      };
      return verify((worker) => worker.on(contract, fails), [bundle(contract)]);
    };
    const { texts, contracts } = await run(make());
    expect(contracts).toMatchObject([{ handled: 0 }]);
    expect(texts).toEqual([expect.stringMatching(/^orders\.placed\.v1 handles, undecided: .* no handler was tried/)]);
    const tried = await run(make([{ orderId: 'o-123' }]));
    expect(tried.texts).toEqual([expect.stringContaining('handles: (root): example 1: was dead-lettered')]);
  });

  it('tells of what never ends', async () => {
    const { problems } = await verifyConsumer({
      consumer: 'invoices',
      bundles: [bundle(Placed)],
      register: (worker) => worker.on(Placed, () => new Promise(() => undefined)),
      giveUpAfterMs: 100,
    });
    expect(problems.find(({ check }) => check === 'handles')).toMatchObject({ reason: 'was unfinished' });
  });

  it('refuses what is no bundle, and a consumer of nothing', async () => {
    await expect(verify((worker) => worker.on(Placed, () => undefined), [{}])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await expect(verify(() => undefined, [bundle(Placed)])).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

describe('recordExpectation', () => {
  it('writes a file that a producer can verify, and tells whether it is another one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
    try {
      const { expectation } = await verify(makeInvoice, [bundle(PlacedV2)]);
      const path = join(folder, 'expectations', 'invoices.json');
      expect(recordExpectation(path, expectation)).toBe(true);
      expect(recordExpectation(path, expectation)).toBe(false);
      const recorded: unknown = JSON.parse(readFileSync(path, 'utf8'));
      expect(verifyExpectation(recorded, bundle(PlacedV2)).map(({ verdict }) => verdict)).toEqual(['met', 'met']);
      expect(verifyExpectation(recorded, bundle(Invoiced)).map(({ verdict }) => verdict)).toEqual(['unmet', 'unmet']);
      expect(() => verifyExpectation({}, bundle(Placed))).toThrow('the expectation: ');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
