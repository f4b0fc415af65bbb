/**
 * The names of attributes on spans and metrics, with what they mean. Those of OpenTelemetry's semantic
 * conventions for messaging are as of version 1.45, where they are still in development; they are written
 * out here because a library must not import their unstable entry point.
 */
export const ATTRIBUTES = {
  'messaging.system.name': 'Always `kafka`.',
  'messaging.operation.name': '`send` or `process`.',
  'messaging.operation.type': '`send` or `process`.',
  'messaging.destination.name':
    'The topic. On metrics a name that begins with the tenant shows `{tenant}` instead of its id.',
  'messaging.destination.partition.id': 'The partition, as text.',
  'messaging.consumer.group.name':
    'The consumer group. On metrics a name that begins with the tenant shows `{tenant}` instead of its id.',
  'messaging.message.id': 'The event id.',
  'kafka.offset': 'The offset of the record.',
  'error.type': 'The code of the error; absent where there was none.',
  'tenantry.tenant.id': 'The tenant. On metrics only the tenants that are listed in the options, else `_other`.',
  'tenantry.event.type': 'Type and version of the event: `orders.placed.v1`.',
  'tenantry.attempt': 'Which try of the handler this is, from 1.',
} as const;

/** The name of an attribute. */
export type AttributeName = keyof typeof ATTRIBUTES;
