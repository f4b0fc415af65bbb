// A contract package as a team writes it; test/unit/contract/declarations.test.ts looks at its declarations.
import { z } from 'zod';
import { defineEvent } from 'tenantry/contract';

export const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 2,
  topic: 'orders',
  schema: z.object({
    orderId: z.string().min(1),
    lines: z.array(z.object({ sku: z.string(), quantity: z.int().default(1) })),
    note: z.string().optional(),
  }),
  aggregateId: (order) => order.orderId,
  protection: 'authentic',
  compacted: true,
});
