// The contracts of a small shop, and how their inputs are made, for the services beside this file.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineEvent } from '../../../../../src/contract/define-event.js';
import type { EventOf } from '../../../../../src/api/consumed-event.js';
import type { Worker } from '../../../../../src/api/worker.js';
import type { TenantKafka } from '../../../../../src/client/tenant-kafka.js';
import { leakInput } from '../../../../../src/testing/leaks/plant/leak-input.js';

export const OrderPlaced = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({
    orderId: z.string(),
    customer: z.string(),
    email: z.email(),
    account: z.uuid(),
    amount: z.number(),
  }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'confidential',
});

export const InvoiceMade = defineEvent({
  type: 'invoices.made',
  version: 1,
  topic: 'invoices',
  schema: z.object({ orderId: z.string(), to: z.string(), lines: z.array(z.string()) }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'none',
});

/** Its data say whose it is. */
export const StatementMade = defineEvent({
  type: 'statements.made',
  version: 1,
  topic: 'statements',
  schema: z.object({ orderId: z.string(), customerTenant: z.string() }),
  aggregateId: ({ orderId }) => orderId,
  tenant: ({ customerTenant }) => customerTenant,
  protection: 'none',
});

export type Order = EventOf<typeof OrderPlaced>;

/** A service, as it registers its handlers. */
export type Service = (worker: Worker, kafka: TenantKafka) => void;

export const inputs = [
  leakInput(OrderPlaced, ({ canary, same }) => ({
    orderId: same.id,
    customer: canary.text,
    email: canary.email,
    account: canary.uuid,
    amount: canary.integer,
  })),
];

/** Work that takes a moment, in which others go on. */
export async function aMoment(): Promise<void> {
  await sleep(10);
}

export function invoice(order: Pick<Order, 'data'>): { orderId: string; to: string; lines: string[] } {
  return { orderId: order.data.orderId, to: order.data.email, lines: [order.data.customer] };
}
