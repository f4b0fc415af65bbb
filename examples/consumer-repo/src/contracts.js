import { defineEvent } from 'tenantry/contract';
import { z } from 'zod';

/** What this service publishes, and promises to those who read it. */
export const InvoiceMade = defineEvent({
  type: 'invoices.made',
  version: 1,
  topic: 'invoices',
  protection: 'confidential',
  owner: 'team-invoices',
  schema: z.object({ orderId: z.string(), amount: z.string().regex(/^\d+\.\d\d$/), currency: z.string() }),
  aggregateId: ({ orderId }) => orderId,
});
