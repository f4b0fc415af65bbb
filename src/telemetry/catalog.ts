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

/** One log event: its message is constant, its facts are in the fields. */
interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: readonly string[];
  readonly meaning: string;
}

// The one table of everything that can be observed. `docs/telemetry.md` is written from it.

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

const PLACE = ['topic', 'partition', 'offset', 'tenant'] as const;

/** Every log event. */
export const LOG_EVENTS = {
  assigned: {
    level: 'info',
    message: 'partitions assigned',
    fields: ['partitions'],
    meaning: 'The group gave this member partitions, and reading begins.',
  },
  revoked: {
    level: 'info',
    message: 'partitions revoked',
    fields: ['partitions', 'lost', 'unfinished'],
    meaning: 'Partitions went to another member; what was unfinished will be delivered again.',
  },
  assignmentDelayed: {
    level: 'warn',
    message: 'the start of assigned partitions is delayed',
    fields: ['partitions', 'reason'],
    meaning: 'What was committed for them cannot be read yet; it is tried again.',
  },
  metadataIgnored: {
    level: 'warn',
    message: 'commit metadata ignored',
    fields: ['topic', 'partition', 'offset'],
    meaning: 'It is not ours, damaged or of another log; records after the committed offset are delivered again.',
  },
  commitFailed: {
    level: 'warn',
    message: 'commit failed',
    fields: ['topic', 'partition', 'offset', 'reason'],
    meaning: 'The broker refused a commit; the next one carries the progress.',
  },
  recordHeld: {
    level: 'warn',
    message: 'record held',
    fields: [...PLACE, 'code'],
    meaning: 'It waits for something it does not answer for, such as a key service, and is tried again.',
  },
  dedupeFailed: {
    level: 'warn',
    message: 'dedupe store failed',
    fields: [...PLACE, 'operation', 'error'],
    meaning:
      'Before a handler (`has`) the event is held and asked for again; after one (`mark`) it is done all the same.',
  },
  handlerFailed: {
    level: 'warn',
    message: 'handler failed',
    fields: [...PLACE, 'code', 'error', 'attempt'],
    meaning: 'A try of a handler failed. `error` is the name and code of what it threw, never its message.',
  },
  predicateFailed: {
    level: 'warn',
    message: 'isRetryable failed',
    fields: [...PLACE, 'error'],
    meaning: 'It threw, or answered neither true nor false. The event is tried again.',
  },
  deadLettered: {
    level: 'error',
    message: 'event dead-lettered',
    fields: [...PLACE, 'code', 'attempts'],
    meaning: 'A copy is acknowledged in the dead-letter topic.',
  },
  quarantined: {
    level: 'error',
    message: 'record quarantined',
    fields: [...PLACE, 'code'],
    meaning: 'Security event: a record contradicts its tenant boundary. A copy is acknowledged in quarantine.',
  },
  copyFailed: {
    level: 'error',
    message: 'copy not acknowledged',
    fields: ['topic', 'reason', 'pointer'],
    meaning: 'The dead-letter or quarantine topic did not take a copy; the offset does not pass until it does.',
  },
  recordsLost: {
    level: 'error',
    message: 'records lost',
    fields: ['topic', 'partition', 'fromOffset', 'toOffset', 'code'],
    meaning: 'These offsets have left the log and may have held records that were not handled yet.',
  },
  tenantPaused: {
    level: 'warn',
    message: 'tenant paused',
    fields: ['tenant'],
    meaning: 'The group was told so: no handler of the tenant starts, and its records wait.',
  },
  tenantResumed: {
    level: 'info',
    message: 'tenant resumed',
    fields: ['tenant'],
    meaning: 'The group was told so: the tenant goes on where it waits.',
  },
  tenantMoved: {
    level: 'warn',
    message: 'tenant moved',
    fields: ['kind', 'tenant', 'topic', 'partition', 'from', 'until'],
    meaning: 'The group was told so: records of the tenant are handled again (`replay`), or passed over (`skip`).',
  },
  controlIgnored: {
    level: 'error',
    message: 'control ignored',
    fields: ['topic', 'offset'],
    meaning: 'A record of the control topic is not one of this version; somebody else may write there.',
  },
  controlRemade: {
    level: 'error',
    message: 'control topic made anew',
    fields: ['topic', 'offset'],
    meaning:
      'It ends before what was read of it: pauses hold in the members that run, and are unknown to those that start.',
  },
  controlFailed: {
    level: 'warn',
    message: 'control topic not read',
    fields: ['topic', 'reason'],
    meaning:
      'What the group was told about tenants cannot be read; no partition begins before it is, and it is tried again.',
  },
  seekFailed: {
    level: 'warn',
    message: 'reading position not moved',
    fields: ['topic', 'partition', 'offset', 'reason'],
    meaning: 'The client did not move to an offset where reading goes on; it is tried again.',
  },
  catchUpFailed: {
    level: 'warn',
    message: 'reading for parked tenants failed',
    fields: ['reason'],
    meaning: 'The second reader could not connect or read; it is tried again, and the tenants stay parked meanwhile.',
  },
  retentionNear: {
    level: 'error',
    message: 'retention is near unfinished records',
    fields: ['topic', 'partition', 'offset', 'lowOffset'],
    meaning: 'The log will soon be deleted up to records that are not handled: the lowest is at `offset`.',
  },
  consumerFault: {
    level: 'error',
    message: 'the kafka client reports a fault',
    fields: ['kind', 'reason'],
    meaning: 'Reading is disturbed; health() says whether it goes on.',
  },
  producerReplaced: {
    level: 'error',
    message: 'kafka producer replaced after a fatal error',
    fields: ['clientId'],
    meaning: 'The native producer cannot go on; what it had in flight settles within 5 s, and another takes over.',
  },
  tokenProviderFailed: {
    level: 'warn',
    message: 'oauth token provider failed',
    fields: ['error'],
    meaning: 'The client asks again. `error` is the name and code of what was thrown, never its message.',
  },
  clientCallRefused: {
    level: 'debug',
    message: 'kafka consumer refused a call',
    fields: ['reason'],
    meaning: 'Mostly a pause of a partition that has just gone to another member.',
  },
  clientError: {
    level: 'error',
    message: 'kafka client error',
    fields: ['facility', 'detail'],
    meaning: 'A log line of librdkafka, in its own words; so are the next two. It goes on by itself where it can.',
  },
  clientWarning: {
    level: 'warn',
    message: 'kafka client warning',
    fields: ['facility', 'detail'],
    meaning: 'The same, of severity warning.',
  },
  clientNote: {
    level: 'debug',
    message: 'kafka client note',
    fields: ['facility', 'detail'],
    meaning: 'The same, of all lower severities.',
  },
} as const satisfies Record<string, LogEntry>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

/** The name of a log event. */
export type LogEventName = keyof typeof LOG_EVENTS;

/** The facts that a log event carries. None is ever a payload, a record key or key material. */
export type LogFields<Event extends LogEventName> = Readonly<
  Record<(typeof LOG_EVENTS)[Event]['fields'][number], string | number | boolean | undefined>
>;
