import type { ErrorCodeEntry } from './error-code-entry.js';
import { ENCRYPTION_ERROR_CODES } from './encryption-error-codes.js';
import { ERASURE_ERROR_CODES } from './erasure-error-codes.js';
import { SCHEMA_ERROR_CODES } from './schema-error-codes.js';

/**
 * Every code an error of this library can carry. A code is stable: it is never renamed and never
 * reused for another meaning. `docs/errors.md` is written from this table.
 */
export const ERROR_CODES = {
  // Configuration and set-up
  INVALID_OPTIONS: {
    retryable: false,
    actor: 'application',
    meaning: 'One or more options are wrong; the error lists every one of them.',
    remedy: 'Correct the listed options.',
  },
  INVALID_CONTRACT: {
    retryable: false,
    actor: 'application',
    meaning: 'An event contract is not usable as it was defined.',
    remedy: 'Correct the call of defineEvent that the message names.',
  },
  NO_JSON_SCHEMA: {
    retryable: false,
    actor: 'application',
    meaning: "An event contract's schema, or a field of it, cannot be told as JSON Schema.",
    remedy: 'Change the fields that the error lists to plain JSON, or take a schema library that makes JSON Schema.',
  },
  CONTRACT_CONFLICT: {
    retryable: false,
    actor: 'application',
    meaning: 'Contracts, or consumers of one group, that cannot stand beside each other were given to one client.',
    remedy:
      'Give each type and version one contract, let the contracts of a topic agree, and the consumers of a group.',
  },
  INCOMPATIBLE_CONTRACTS: {
    retryable: false,
    actor: 'application',
    meaning: 'New contracts do not go with released ones or with what a consumer expects, or it cannot be told.',
    remedy: 'Give the change a new version of the contract, or undo it; look at what is undecided.',
  },
  INVALID_KEY_MATERIAL: {
    retryable: false,
    actor: 'operator',
    meaning: 'A key encryption key or a key file cannot be used.',
    remedy: 'Provide 32-byte keys; `tenantry keys generate` makes them.',
  },
  DRIVER_UNAVAILABLE: {
    retryable: false,
    actor: 'operator',
    meaning: 'The native Kafka client could not be loaded.',
    remedy: 'Install @confluentinc/kafka-javascript for this Node.js version, or build it from source.',
  },
  WORKER_THREAD: {
    retryable: false,
    actor: 'application',
    meaning: 'The native Kafka client would be loaded in a worker thread, where it aborts the process.',
    remedy: 'Use tenantry from the main thread; scale with processes.',
  },
  REDRIVE_UNDER_WAY: {
    retryable: true,
    actor: 'time',
    meaning: 'A redrive of the tenant has not ended, or another one was told at the same time: this one was not.',
    remedy: 'Redrive again once the one before has ended; a paused tenant has to be resumed for that.',
  },
  // Identifiers and boundaries
  INVALID_TENANT_ID: {
    retryable: false,
    actor: 'application',
    meaning: 'A tenant id does not fit the grammar.',
    remedy: 'Use 1 to 63 of A-Z a-z 0-9 _ -, beginning with a letter or a digit.',
  },
  UNKNOWN_TENANT: {
    retryable: false,
    actor: 'operator',
    meaning: 'Tenant profiles are configured and this tenant has none.',
    remedy: 'Add a profile for the tenant, or correct its id.',
  },
  TENANT_ERASED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The tenant is erased: nothing is published for it any more, and what was sealed under its key is gone.',
    remedy: 'None: the id of an erased tenant is never used again. Give a new tenant a new id.',
  },
  INVALID_AGGREGATE_ID: {
    retryable: false,
    actor: 'application',
    meaning: 'An aggregate id is empty, too long or not well-formed text.',
    remedy: 'Return a non-empty well-formed string of at most 512 UTF-8 bytes.',
  },
  INVALID_EVENT_ID: {
    retryable: false,
    actor: 'application',
    meaning: 'An event id is not 1 to 128 visible ASCII characters.',
    remedy: 'Leave it out, or pass a UUID or another visible ASCII id.',
  },
  INVALID_HEADER: {
    retryable: false,
    actor: 'application',
    meaning: 'A header given to publish has a reserved or unusable name or value.',
    remedy: 'Choose another name; values are strings or Uint8Array.',
  },
  TENANT_ISOLATION_VIOLATION: {
    retryable: false,
    actor: 'application',
    meaning: 'Code that runs for one tenant tried to act for another.',
    remedy: "Publish through the handler's own tenant, or wrap deliberate platform work in withoutTenant.",
  },
  TENANT_CONTEXT_MISSING: {
    retryable: false,
    actor: 'application',
    meaning: 'No tenant is ambient where one is needed.',
    remedy: 'Call through kafka.tenant(id), or run the code inside tenant.run().',
  },
  TENANT_CONTEXT_EXPIRED: {
    retryable: false,
    actor: 'application',
    meaning: 'The handler that made this tenant context has already settled.',
    remedy: 'Await everything a handler starts, or use a scope of your own from kafka.tenant(id).',
  },
  // Publishing
  VALIDATION_FAILED: {
    retryable: false,
    actor: 'application',
    meaning: "Data does not fit the event contract's schema.",
    remedy: 'Correct the fields that the error lists.',
  },
  NOT_SERIALIZABLE: {
    retryable: false,
    actor: 'application',
    meaning: 'Validated data does not survive its serialisation unchanged.',
    remedy: 'Let the schema produce plain JSON that the same schema accepts again.',
  },
  ASYNC_SCHEMA: {
    retryable: false,
    actor: 'application',
    meaning: 'A schema answered with a promise; waiting for it would reorder the events of an aggregate.',
    remedy: 'Use synchronous validation in event contracts.',
  },
  RECORD_TOO_LARGE: {
    retryable: false,
    actor: 'application',
    meaning: 'The record is larger than the limit and was not sent.',
    remedy: 'Publish less in one event, or raise maxRecordBytes here and max.message.bytes at the topic.',
  },
  RATE_LIMITED: {
    retryable: true,
    actor: 'time',
    meaning: "The tenant's publish rate is used up.",
    remedy: 'Retry after retryAfterMs, or raise the limit of the tenant.',
  },
  PUBLISH_QUEUE_FULL: {
    retryable: true,
    actor: 'time',
    meaning: 'Too many publishes of this tenant wait to be sent.',
    remedy: 'Await publishes, or use publishMany, which paces itself.',
  },
  PUBLISH_FAILED: {
    retryable: true,
    actor: 'time',
    meaning: 'The record was not written; the broker or the client said why.',
    remedy: 'Read reason, then publish again.',
  },
  PUBLISH_REFUSED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The broker refused the record for good.',
    remedy: "Read reason: it names the broker's objection.",
  },
  DELIVERY_UNKNOWN: {
    retryable: true,
    actor: 'application',
    meaning: 'The wait for the broker ended before its answer: the record may or may not be written.',
    remedy: 'Publish again with the same eventId and let consumers deduplicate.',
  },
  CONTROL_UNCONFIRMED: {
    retryable: true,
    actor: 'time',
    meaning:
      'What a group was told is written, or may be, and not every partition has confirmed in time that it obeys.',
    remedy: 'Look why the partitions that it names commit nothing; asking again does no harm.',
  },
  PUBLISH_INCOMPLETE: {
    retryable: false,
    actor: 'application',
    meaning: 'Some items of publishMany were not published; outcomes says which.',
    remedy: 'Publish the failed items again.',
  },
  ABORTED: {
    retryable: false,
    actor: 'application',
    meaning: 'The abort signal of the call fired before the work was handed to the broker.',
    remedy: 'Nothing was sent; call again when wanted.',
  },
  // Broker and lifecycle
  BROKER_UNREACHABLE: {
    retryable: true,
    actor: 'operator',
    meaning: 'No broker answered.',
    remedy: 'Check brokers, network and TLS; the client goes on trying where it already runs.',
  },
  BROKER_ACCESS_DENIED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The broker refused the credentials or the operation.',
    remedy: 'Check the credentials and ACLs that the message names.',
  },
  TOPIC_NOT_FOUND: {
    retryable: false,
    actor: 'operator',
    meaning: 'A topic that is needed does not exist.',
    remedy: 'Create it, for example with admin.createTopics.',
  },
  ADMIN_FAILED: {
    retryable: false,
    actor: 'operator',
    meaning: 'An administrative request failed.',
    remedy: 'Read reason, mend it and call again; what exists is left alone.',
  },
  NOT_RUNNING: {
    retryable: false,
    actor: 'application',
    meaning: 'The client, consumer or worker was stopped or is not started.',
    remedy: 'Start a new one.',
  },
  INVALID_STATE: {
    retryable: false,
    actor: 'application',
    meaning: 'The call does not fit what the object is doing now.',
    remedy: 'Call it at the time that the message names.',
  },
  // Encryption
  ...ENCRYPTION_ERROR_CODES,
  ...ERASURE_ERROR_CODES,
  ...SCHEMA_ERROR_CODES,
  // Boundary of a consumed record
  RECORD_KEY_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: 'The record key is missing or is not tenantId:aggregateId in valid UTF-8.',
    remedy: 'Find the producer that writes such keys.',
  },
  RECORD_HEADER_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: 'A header this library needs is missing, repeated or malformed.',
    remedy: 'Find the producer that writes such headers.',
  },
  TENANT_MISMATCH: {
    retryable: false,
    actor: 'operator',
    meaning: 'The tenant header, the record key and the topic do not name the same tenant.',
    remedy: 'Treat it as an attempt to cross tenants; inspect the record in quarantine.',
  },
  TOO_MANY_HEADERS: {
    retryable: false,
    actor: 'operator',
    meaning: 'The record has more headers than any event of this library can have.',
    remedy: 'Find the producer that writes them; inspect the record in quarantine.',
  },
  // Handling
  PAYLOAD_MALFORMED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The payload cannot be decoded.',
    remedy: 'Inspect the record in the dead-letter topic.',
  },
  PAYLOAD_INVALID: {
    retryable: false,
    actor: 'operator',
    meaning: "The payload does not fit the contract's schema.",
    remedy: 'Inspect the record in the dead-letter topic; compare the versions of the contract.',
  },
  UPCAST_FAILED: {
    retryable: false,
    actor: 'application',
    meaning: "An upcast from an older version threw, or returned what does not fit the newer version's schema.",
    remedy: 'Correct the upcast of the contract that the message names, deploy, then redrive.',
  },
  UNKNOWN_EVENT_TYPE: {
    retryable: false,
    actor: 'operator',
    meaning: 'No handler takes this event type, and otherTypes says dead-letter.',
    remedy: "Add a handler, or set otherTypes to 'skip'.",
  },
  UNKNOWN_EVENT_VERSION: {
    retryable: false,
    actor: 'operator',
    meaning: 'A handled event type arrived in a version that no handler knows.',
    remedy: 'Deploy a consumer that knows the version, then redrive.',
  },
  UNEXPECTED_TOMBSTONE: {
    retryable: false,
    actor: 'operator',
    meaning: 'A tombstone arrived for a contract that is not compacted.',
    remedy: 'Find the producer that writes it, or declare the contract compacted.',
  },
  HANDLER_FAILED: {
    retryable: true,
    actor: 'application',
    meaning: 'The handler threw.',
    remedy: "Read the application's own log for this event.",
  },
  HANDLER_TIMEOUT: {
    retryable: true,
    actor: 'application',
    meaning: 'The handler did not settle in time.',
    remedy: 'Honour the signal, do less in one handler, or raise handlerTimeoutMs.',
  },
  DEAD_LETTERED: {
    retryable: false,
    actor: 'application',
    meaning: 'The handler asked for the dead-letter topic.',
    remedy: 'Read dlq-reason on the dead letter.',
  },
  RECORDS_LOST: {
    retryable: false,
    actor: 'operator',
    meaning: 'The log no longer holds records that were not handled yet.',
    remedy: 'Raise the retention; the lost offsets are in the error.',
  },
  RECORD_NOT_FOUND: {
    retryable: false,
    actor: 'operator',
    meaning: 'No record stands at the place that was asked for.',
    remedy: 'The message tells what there is of the log; list what is there.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;
