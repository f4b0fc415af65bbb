import type { TroublesOf } from './trouble.ts';

/** Of records that are read, and of schema registries. */
export const HANDLING_TROUBLES = {
  RECORD_KEY_INVALID: {
    shows: 'as `dlq-code` in quarantine.',
    causes: [
      'A producer that does not use tenantry, and has keys of its own or none.',
      'An old topic that is read as it is: [migrating](migrating.md) tells of the bridge.',
    ],
    steps: ['[The wire format](wire-format.md#the-key) has vectors for other languages.'],
  },
  RECORD_HEADER_INVALID: {
    shows: 'as `dlq-code` in quarantine.',
    causes: [
      'A producer of another language that leaves out `tenant-id`, `event-type` or `event-id`, or writes one twice.',
      'A mirror or connector that drops or copies headers.',
    ],
    steps: ['[The wire format](wire-format.md#headers) has vectors for other languages.'],
  },
  TENANT_MISMATCH: {
    shows: 'as `dlq-code` in quarantine.',
    causes: ["One tenant's record under another's key, by a bug in a producer of your own or on purpose."],
  },
  TOO_MANY_HEADERS: {
    shows: 'as `dlq-code` in quarantine.',
    causes: ['More than 100 headers, made to slow readers down or by a proxy that adds some on each hop.'],
  },
  PAYLOAD_MALFORMED: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: [
      'The value is not JSON, or holds `__proto__`.',
      'The producer frames values for a schema registry, and this client has no `serde`.',
    ],
  },
  PAYLOAD_INVALID: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: [
      'The schema was made stricter without a new version.',
      'A producer of another language that does not validate.',
    ],
    steps: ['Mend the schema, deploy, then `redrive`.'],
  },
  UPCAST_FAILED: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: ['An old event that the upcast did not foresee, such as one without an optional field.'],
  },
  UNKNOWN_EVENT_TYPE: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: ['A new type on a topic that this group reads.'],
  },
  UNKNOWN_EVENT_VERSION: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: ['The producer was deployed before the consumer.'],
  },
  UNEXPECTED_TOMBSTONE: {
    shows: 'as `dlq-code` in the dead letters.',
    causes: ['A producer that does not use tenantry writes values of `null`.'],
  },
  HANDLER_FAILED: {
    shows: 'in the log as `handler failed` for each try, and as `dlq-code` after the last one.',
    causes: ['What the handler calls is away for longer than the retries last.', 'A bug: each try fails alike.'],
    steps: [
      'The library logs the name and code of what was thrown, never its message: log what you need in the handler.',
      'Once it is mended, `redrive`.',
    ],
    retry: 'and it was tried as often as `retry` says.',
  },
  HANDLER_TIMEOUT: {
    shows: 'in the log as `handler failed`, and as `dlq-code` after the last try; `health()` is `stuck` meanwhile.',
    causes: ['A call without a time-out of its own.', 'A handler that does not pass its `signal` on.'],
  },
  DEAD_LETTERED: {
    shows: 'as `dlq-code` in the dead letters, with `dlq-reason`.',
    causes: ['The handler threw or returned `deadLetter(reason)`.'],
  },
  RECORDS_LOST: {
    shows: 'in the log as `records lost`, with the offsets.',
    causes: [
      'A consumer was stopped, or a tenant paused or held, for longer than the retention of the topic.',
      'The topic was made anew, or `skipUnreadable` passed over a batch.',
    ],
    retry: 'what has left the log is gone from Kafka.',
  },
  RECORD_NOT_FOUND: {
    shows: 'thrown by `tenantry dlq show <topic>/<partition>/<offset>`, with `topic`, `partition` and `offset`.',
    causes: [
      'Retention, or compaction, has deleted the record.',
      'A partition or offset that is mistyped, or taken from the topic that the event came from.',
    ],
    steps: ['`tenantry dlq show <tenant>` lists what is there, with the place of each.'],
  },
  SCHEMA_REGISTRY_AWAY: {
    shows: 'thrown by `publish`. Records are held. The log says `schemaRegistryAway`.',
    causes: ['The registry is down, slow, or something else answers at its address.'],
    steps: ['Schemas that are known serve on.'],
  },
  SCHEMA_REGISTRY_DENIED: {
    shows: 'thrown by `publish`. Records are held.',
    causes: ['Wrong credentials in `auth`, or none for this subject.'],
  },
  SCHEMA_NOT_REGISTERED: {
    shows: 'thrown by `publish`. Nothing was published.',
    causes: ['A new contract or version, and a client that only reads the registry, as in production.'],
  },
  SCHEMA_REFUSED: {
    shows: 'thrown by `publish`, with `subject` and `problems`. Nothing was published.',
    causes: ['The registry demands a compatibility that the change breaks.'],
    steps: ['`tenantry contracts check` tells the same without a registry.'],
  },
  SCHEMA_UNKNOWN: {
    shows:
      'as `dlq-code` in the dead letters; thrown by `publish` where a registered schema refers to one that is gone.',
    causes: ['Producer and consumer use different registries.', 'The schema, or one that it refers to, was deleted.'],
  },
  SCHEMA_MISMATCH: {
    shows: 'thrown by `publish`; as `dlq-code` in the dead letters.',
    causes: [
      'A registry that was filled anew, so that ids mean something else.',
      'A record that names the schema of another event.',
    ],
  },
} as const satisfies TroublesOf<
  | 'RECORD_KEY_INVALID'
  | 'RECORD_HEADER_INVALID'
  | 'TENANT_MISMATCH'
  | 'TOO_MANY_HEADERS'
  | 'PAYLOAD_MALFORMED'
  | 'PAYLOAD_INVALID'
  | 'UPCAST_FAILED'
  | 'UNKNOWN_EVENT_TYPE'
  | 'UNKNOWN_EVENT_VERSION'
  | 'UNEXPECTED_TOMBSTONE'
  | 'HANDLER_FAILED'
  | 'HANDLER_TIMEOUT'
  | 'DEAD_LETTERED'
  | 'RECORDS_LOST'
  | 'RECORD_NOT_FOUND'
  | 'SCHEMA_REGISTRY_AWAY'
  | 'SCHEMA_REGISTRY_DENIED'
  | 'SCHEMA_NOT_REGISTERED'
  | 'SCHEMA_REFUSED'
  | 'SCHEMA_UNKNOWN'
  | 'SCHEMA_MISMATCH'
>;
