// The smallest example: one event, published and handled inside one tenant's boundary. It needs no Kafka.
import { randomBytes } from 'node:crypto';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { z } from 'zod';

const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), total: z.number() }),
  aggregateId: (order) => order.orderId,
  protection: 'confidential',
});

await using broker = await EmbeddedKafka.start();
await using kafka = new TenantKafka({
  clientId: 'shop',
  brokers: broker.brokers,
  encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32) } }) }),
});
await kafka.admin.createTopics([OrderPlaced], { partitions: 4, replicationFactor: 1, groups: ['order-processor'] });

await using worker = kafka.worker('order-processor').on(OrderPlaced, (event) => {
  console.log(`${event.tenantId} placed order ${event.data.orderId} over ${event.data.total}`);
});
await worker.start();

await kafka.tenant('acme').publish(OrderPlaced, { orderId: '42', total: 9.5 });
await worker.caughtUp();
