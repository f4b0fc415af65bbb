// What a user writes, compiled and run against the packed package; see scripts/pack-test.mjs.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { TenantKafka, envelopeEncryption, isTenantryError, localKeyring } from 'tenantry';
import { defineEvent } from 'tenantry/contract';
import { EmbeddedKafka } from 'tenantry/testing';

const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), total: z.number() }),
  aggregateId: (order) => order.orderId,
  protection: 'confidential',
});

const broker = await EmbeddedKafka.start();
const kafka = new TenantKafka({
  clientId: 'sample',
  brokers: broker.brokers,
  encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32) } }) }),
});
await kafka.admin.createTopics([OrderPlaced], { partitions: 2, replicationFactor: 1, groups: ['totals'] });

const handled = new Promise<number>((resolve) => {
  void kafka
    .worker('totals')
    .on(OrderPlaced, (event) => {
      resolve(event.data.total);
    })
    .start();
});
await kafka.tenant('acme').publish(OrderPlaced, { orderId: '42', total: 9.5 });

let refusal: unknown;
try {
  kafka.tenant('a:b');
} catch (error) {
  refusal = error;
}

console.log(JSON.stringify({ total: await handled, refused: isTenantryError(refusal) }));
await kafka.stop();
await broker.stop();
