// What `tenantry doctor` asks a real registry, Apicurio.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from 'tenantry';
import { registrySerde } from 'tenantry/registry';
import { EmbeddedKafka } from 'tenantry/testing';
import { checkRegistry } from '../../src/cli/doctor/check-registry.js';
import { startRegistry, type RunningRegistry } from '../../scripts/registry/start-registry.ts';
import { testClient } from '../kafka/fixtures/sequence.js';

let registry: RunningRegistry;
let broker: EmbeddedKafka;
beforeAll(async () => {
  [registry, broker] = await Promise.all([startRegistry(), EmbeddedKafka.start()]);
});
afterAll(async () => {
  await broker.stop();
  await registry.stop();
});

const contractOf = (schema: z.ZodType<{ orderId: string }>): ReturnType<typeof defineEvent> =>
  defineEvent({
    type: 'orders.placed',
    version: 1,
    topic: 'orders',
    schema,
    aggregateId: ({ orderId }: { orderId: string }) => orderId,
    protection: 'none',
  });

it('tells contracts that are registered from those that are not, and from others under their name', async () => {
  const Placed = contractOf(z.object({ orderId: z.string() }));
  const found = async (contract = Placed): Promise<string[]> =>
    (await checkRegistry(registry.url, [contract])).map(({ subject, state }) => `${subject} ${state}`);
  const host = `${new URL(registry.url).host} ok`;
  expect(await found()).toEqual([host, 'orders.placed.v1 warning']);
  await using client = testClient(broker.brokers.join(','), {
    serde: registrySerde({ url: registry.url, mode: 'register', contracts: [Placed] }),
  });
  await client.start();
  expect(await found()).toEqual([host, 'orders.placed.v1 ok']);
  const Other = contractOf(z.object({ orderId: z.string(), total: z.number() }));
  expect(await found(Other)).toEqual([host, 'orders.placed.v1 error']);
  // Asking has registered nothing.
  expect(await found(Other)).toEqual([host, 'orders.placed.v1 error']);
});

it('says what is wrong with an address', async () => {
  const [away] = await checkRegistry('http://127.0.0.1:1', []);
  expect(away).toMatchObject({ state: 'error', detail: expect.stringContaining('does not answer') as string });
  const [wrong] = await checkRegistry(new URL('/nothing/here', registry.url).href, []);
  expect(wrong).toMatchObject({ state: 'error', detail: 'answers with status 404' });
});
