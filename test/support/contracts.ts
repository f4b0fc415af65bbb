import { z } from 'zod';
import { defineEvent } from '../../src/contract/define-event.js';
import { parseTenantId, type TenantId } from '../../src/core/tenant-id.js';

export const ACME: TenantId = parseTenantId('acme');
export const GLOBEX: TenantId = parseTenantId('globex');

const noted = z.object({ id: z.string(), note: z.string().optional() });

/** Without protection. */
export const Noted = defineEvent({
  type: 'notes.noted',
  version: 1,
  topic: 'notes',
  schema: noted,
  aggregateId: ({ id }) => id,
  protection: 'none',
});

/** Sealed. */
export const Whispered = defineEvent({
  type: 'notes.whispered',
  version: 1,
  topic: 'notes',
  schema: noted,
  aggregateId: ({ id }) => id,
  protection: 'confidential',
});

/** With a field in its seal, on a compacted topic. */
export const Lettered = defineEvent({
  type: 'states.lettered',
  version: 1,
  topic: 'states',
  schema: noted,
  aggregateId: ({ id }) => id,
  protection: { fields: ['/note'] },
  compacted: true,
});

/** With a detached seal, on a compacted topic. */
export const Signed = defineEvent({
  type: 'states.signed',
  version: 1,
  topic: 'states',
  schema: noted,
  aggregateId: ({ id }) => id,
  protection: 'authentic',
  compacted: true,
});
