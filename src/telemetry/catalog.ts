import type { AttributeName } from './attributes.js';

/** One span, for every time that something is done. */
interface SpanEntry {
  /** `{topic}` stands for the topic's name. */
  readonly name: string;
  readonly kind: 'PRODUCER' | 'CONSUMER';
  readonly attributes: readonly AttributeName[];
  readonly meaning: string;
}

/** One metric. A unit in braces is a count of such things (UCUM). */
interface MetricEntry {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly attributes: readonly AttributeName[];
  readonly meaning: string;
}
// The tables of spans and metrics; log-catalog.ts has what is logged. `docs/telemetry.md` is written from all of them.

/** Every span. */
export const SPANS = {
  send: {
    name: 'send {topic}',
    kind: 'PRODUCER',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.message.id',
      'tenantry.tenant.id',
      'tenantry.event.type',
      'error.type',
    ],
    meaning: "One publish, from its acceptance to the broker's acknowledgement or its failure.",
  },
  process: {
    name: 'process {topic}',
    kind: 'CONSUMER',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'messaging.destination.partition.id',
      'messaging.consumer.group.name',
      'messaging.message.id',
      'kafka.offset',
      'tenantry.tenant.id',
      'tenantry.event.type',
      'tenantry.attempt',
      'error.type',
    ],
    meaning: "One try of a handler. Child of the publish's span, or linked to it, as `traceContext` says.",
  },
} as const satisfies Record<string, SpanEntry>;

/** Every metric. */
export const METRICS = {
  'messaging.client.sent.messages': {
    kind: 'counter',
    unit: '{message}',
    attributes: ['messaging.system.name', 'messaging.operation.name', 'messaging.destination.name', 'error.type'],
    meaning: 'Records handed to the broker that it has acknowledged, refused or left in doubt.',
  },
  'messaging.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.destination.name',
      'error.type',
    ],
    meaning: 'How long publishes took, waits for limits, keys and the broker included.',
  },
  'messaging.client.consumed.messages': {
    kind: 'counter',
    unit: '{message}',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.destination.name',
      'messaging.consumer.group.name',
    ],
    meaning: 'Records given to a handler; further tries of the same delivery are not counted.',
  },
  'messaging.process.duration': {
    kind: 'histogram',
    unit: 's',
    attributes: [
      'messaging.system.name',
      'messaging.operation.name',
      'messaging.destination.name',
      'messaging.consumer.group.name',
      'error.type',
    ],
    meaning: 'How long tries of handlers took.',
  },
  'tenantry.events.published': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Events that the broker has acknowledged.',
  },
  'tenantry.tenant.lag': {
    kind: 'gauge',
    unit: 's',
    attributes: ['tenantry.tenant.id', 'messaging.consumer.group.name'],
    meaning: 'Age of the oldest record of a tenant that one member has not finished; of `_other` the longest.',
  },
  'tenantry.tenant.unfinished': {
    kind: 'gauge',
    unit: '{record}',
    attributes: ['tenantry.tenant.id', 'messaging.consumer.group.name'],
    meaning: 'Records of a tenant that one member has read or passed over, and not finished.',
  },
  'tenantry.tenants.parked': {
    kind: 'gauge',
    unit: '{tenant}',
    attributes: ['messaging.consumer.group.name'],
    meaning: 'Tenants that wait at a cursor of their own in one member.',
  },
  'tenantry.catch_up.read': {
    kind: 'counter',
    unit: '{record}',
    attributes: ['messaging.consumer.group.name'],
    meaning: 'Records that the second reader has read for parked tenants.',
  },
  'tenantry.catch_up.taken': {
    kind: 'counter',
    unit: '{record}',
    attributes: ['messaging.consumer.group.name'],
    meaning: 'Those of them that were taken; the rest is what parking costs.',
  },
  'tenantry.events.rate_limited': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: "Publishes that failed because the tenant's rate was used up.",
  },
  'tenantry.events.handled': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Events whose handler has returned.',
  },
  'tenantry.events.failed_attempts': {
    kind: 'counter',
    unit: '{attempt}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Tries of a handler that failed.',
  },
  'tenantry.events.dead_lettered': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Acknowledged copies in dead-letter topics.',
  },
  'tenantry.events.quarantined': {
    kind: 'counter',
    unit: '{record}',
    attributes: ['tenantry.tenant.id', 'error.type'],
    meaning: 'Acknowledged copies in quarantine, by code. Any is worth an alarm.',
  },
  'tenantry.events.erased': {
    kind: 'counter',
    unit: '{record}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Records that were passed over because their tenant is erased and the key they are sealed under is gone.',
  },
  'tenantry.events.foreign': {
    kind: 'counter',
    unit: '{record}',
    attributes: [],
    meaning: "Other tenants' records that a tenant's own consumer passed over on a shared topic.",
  },
  'tenantry.events.skipped': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Events of a type that nobody handles.',
  },
  'tenantry.events.duplicates': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Events that were passed over because the dedupe store knows that they were handled.',
  },
  'tenantry.events.unmarked': {
    kind: 'counter',
    unit: '{event}',
    attributes: ['tenantry.tenant.id'],
    meaning: 'Handled events that the dedupe store did not take; delivered again, they are handled again.',
  },
} as const satisfies Record<string, MetricEntry>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;
