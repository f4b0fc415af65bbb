// What this service says to others. They copy or install this file, or read the bundle that
// `tenantry contracts export` makes of it.
import { defineEvent } from 'tenantry/contract';
import { z } from 'zod';

/** Somebody asked for it, and it is stored. Sealed, because it names a person. */
export const ShipmentRequested = defineEvent({
  type: 'shipments.requested',
  version: 1,
  topic: 'shipments',
  schema: z.object({
    shipmentId: z.uuid(),
    customer: z.string().min(1).max(200),
    quantity: z.int().min(1).max(1_000),
  }),
  aggregateId: ({ shipmentId }) => shipmentId,
  protection: 'confidential',
});

/** The worker has taken it on. Anybody may read it, and only the tenant can have written it. */
export const ShipmentAccepted = defineEvent({
  type: 'shipments.accepted',
  version: 1,
  topic: 'shipments',
  schema: z.object({ shipmentId: z.uuid(), quantity: z.int().min(1).max(1_000) }),
  aggregateId: ({ shipmentId }) => shipmentId,
  protection: 'authentic',
});
