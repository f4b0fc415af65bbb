// A search whose handler never settles, as a script or under node:test: then nothing else keeps the process alive.
import { test } from 'node:test';
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';
import { findTenantLeaks, leakInput } from '../../../../src/testing/index.js';

const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), customer: z.string() }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'none',
});

async function search(): Promise<void> {
  const report = await findTenantLeaks({
    register: (worker) => worker.on(OrderPlaced, () => new Promise(() => undefined)),
    inputs: [leakInput(OrderPlaced, ({ canary, same }) => ({ orderId: same.id, customer: canary.text }))],
    seeds: 1,
    timeoutMs: 200,
  });
  console.log(`result: ${report.result}`);
}

if (process.argv[2] === 'node:test') void test('a search', search);
else await search();
