import { defineEvent } from 'tenantry/contract';
import { z } from 'zod';

const OrderPlacedV1 = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  protection: 'confidential',
  schema: z.object({ orderId: z.string(), total: z.number().min(0) }),
  aggregateId: ({ orderId }) => orderId,
});

/** An order of the shop, as this service reads it: only the fields that it needs, and an older one as a newer one. */
export const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 2,
  topic: 'orders',
  protection: 'confidential',
  schema: z.object({ orderId: z.string(), total: z.number().min(0), currency: z.enum(['EUR', 'USD', 'CHF']) }),
  aggregateId: ({ orderId }) => orderId,
  // Until version 2 the shop sold in euros only.
  upcast: { from: OrderPlacedV1, with: (order) => ({ ...order, currency: /** @type {const} */ ('EUR') }) },
});
