// Contracts as a package of them has: versions, protections, a schema that refers to itself.
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';

const base = { topic: 'orders', aggregateId: ({ orderId }: { orderId: string }) => orderId } as const;

export const OrderPlaced = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 1,
  schema: z.object({ orderId: z.string(), total: z.number() }),
  protection: 'confidential',
});

export const OrderPlacedV2 = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 2,
  schema: z.object({ orderId: z.string().min(1), cents: z.int(), currency: z.string().default('EUR') }),
  protection: 'confidential',
  upcast: { from: OrderPlaced, with: ({ orderId, total }) => ({ orderId, cents: Math.round(total * 100) }) },
  owner: 'team-orders',
  description: 'An order was placed <and> "paid".',
  examples: [{ orderId: '42', cents: 950 }],
});

export const OrderCharged = defineEvent({
  ...base,
  type: 'orders.charged',
  version: 1,
  schema: z.object({
    orderId: z.string(),
    card: z.object({ brand: z.enum(['V', 'M']), number: z.string() }),
    iban: z.string().optional(),
    pair: z.tuple([z.string(), z.number()]).optional(),
  }),
  protection: { fields: ['/iban', '/card/number'] },
  owner: 'team-payments',
});

const category = z.object({
  name: z.string(),
  get children() {
    return z.array(category);
  },
});

export const CategorySet = defineEvent({
  type: 'catalog.category-set',
  version: 1,
  topic: 'catalog',
  schema: z.object({ orderId: z.string(), root: category, at: z.union([z.iso.datetime(), z.null()]) }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'authentic',
  compacted: true,
});
