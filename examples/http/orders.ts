import { randomBytes } from 'node:crypto';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { z } from 'zod';

/** The event of both examples. */
export const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), total: z.number() }),
  aggregateId: (order) => order.orderId,
  protection: 'confidential',
});

/** A client with two tenants, one of which may publish no more than two orders at once. */
export async function orderKafka(brokers: string[]): Promise<TenantKafka> {
  const kafka = new TenantKafka({
    clientId: 'shop',
    brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32), globex: randomBytes(32) } }) }),
    tenants: { acme: {}, globex: { rateLimit: { eventsPerSecond: 1 } } },
    rateLimit: { onLimit: 'reject' },
  });
  await kafka.admin.createTopics([OrderPlaced], { partitions: 4, replicationFactor: 1, groups: ['mailer'] });
  return kafka;
}
