import { defineEvent } from 'tenantry';
import { z } from 'zod';

/** What the old topic's records become. */
export const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string().min(1), totalCents: z.int() }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'confidential',
});
