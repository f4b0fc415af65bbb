// The table of all that is logged. `docs/telemetry.md` is written from it, and from catalog.ts.

/** One log event: its message is constant, its facts are in the fields. */
interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: readonly string[];
  readonly meaning: string;
}

const PLACE = ['topic', 'partition', 'offset', 'tenant'] as const;

/** Every log event. */
export const LOG_EVENTS = {
  assigned: {
    level: 'info',
    message: 'partitions assigned',
    fields: ['partitions'],
    meaning:
      'The group gave this member partitions, and reading begins. Of a worker, partitions of dead-letter topics count too, from which it redrives.',
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
  erased: {
    level: 'debug',
    message: 'record erased',
    fields: PLACE,
    meaning: 'Its tenant is erased and the key that it is sealed under is gone: it is passed over, and nothing copied.',
  },
  erasureNoticeFailed: {
    level: 'warn',
    message: 'onErased failed',
    fields: [...PLACE, 'error'],
    meaning: 'It threw, rejected or did not settle in time. The record is held, and it is called again.',
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
    meaning: 'The group was told so: records are handled again (`replay`, `redrive`) or passed over (`skip`).',
  },
  redriveIgnored: {
    level: 'warn',
    message: 'redrive ignored',
    fields: ['tenant', 'offset'],
    meaning: 'Another redrive of the tenant, told at the same time, came first.',
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
  keyServiceAway: {
    level: 'warn',
    message: 'key service away',
    fields: ['tenant', 'kek', 'reason'],
    meaning:
      'It is not asked about this key for a while, then by one call at a time. What is cached serves meanwhile; `kek` is the id of the key as envelopes carry it.',
  },
  keyServiceBack: {
    level: 'info',
    message: 'key service back',
    fields: ['tenant', 'kek'],
    meaning: 'It answers for this key again, after it was away or refused it.',
  },
  warmUpIncomplete: {
    level: 'warn',
    message: 'not all data keys made at start',
    fields: ['tenants', 'made'],
    meaning: 'Of so many tenants so many have a data key; the others get theirs with their first event.',
  },
  keyRefused: {
    level: 'error',
    message: 'key refused',
    fields: ['tenant', 'kek', 'code', 'reason'],
    meaning:
      "A tenant's key may not be used any more, or is gone (`KEY_GONE`): its data keys are dropped, publishing fails and consumed events are held.",
  },
  keyDestroyed: {
    level: 'warn',
    message: 'key destroyed',
    fields: ['tenant', 'kek', 'state'],
    meaning: 'The key service has destroyed a key of the tenant, or has scheduled that (`state`), as it was asked to.',
  },
  keyErased: {
    level: 'info',
    message: 'key erased',
    fields: ['tenant', 'kek', 'reason'],
    meaning:
      'An entry of erasure names the key, and the key service says that it is destroyed or going to be, or it is not configured any more (`not-configured`): what is sealed under it is passed over.',
  },
  schemaRegistryAway: {
    level: 'warn',
    message: 'schema registry away',
    fields: ['registry', 'reason'],
    meaning:
      'It gave no usable answer. Schemas that are known serve meanwhile; it is asked by one call at a time until it answers.',
  },
  schemaRegistryBack: {
    level: 'info',
    message: 'schema registry back',
    fields: ['registry'],
    meaning: 'It answers again.',
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

/** The name of a log event. */
export type LogEventName = keyof typeof LOG_EVENTS;

/** The facts that a log event carries. None is ever a payload, a record key or key material. */
export type LogFields<Event extends LogEventName> = Readonly<
  Record<(typeof LOG_EVENTS)[Event]['fields'][number], string | number | boolean | undefined>
>;
