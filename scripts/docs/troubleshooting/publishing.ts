import type { TroublesOf } from './trouble.ts';

/** Of a tenant's boundary in code, of what is published, and of brokers. */
export const PUBLISHING_TROUBLES = {
  INVALID_TENANT_ID: {
    shows: 'thrown by `kafka.tenant(id)` and by every call that takes a tenant id.',
    causes: [
      'An id with a dot, a colon, a space or an umlaut, such as an e-mail address or a host name.',
      'A missing id: `undefined` of a request without a tenant.',
    ],
    steps: ['Map ids of another kind to ones that fit, once and for good; never change the case on the way.'],
  },
  UNKNOWN_TENANT: {
    shows:
      'thrown by `kafka.tenant(id)` and `publish`. A record of such a tenant goes to quarantine; while the directory throws it is held.',
    causes: [
      'A new tenant whose profile the producers have and the consumers have not.',
      'A directory that was not loaded yet, or throws.',
    ],
    steps: [
      'Give profiles to consumers before producers.',
      'What went to quarantine for it: add the profile, then `replayTenant` from before the first of those records.',
    ],
  },
  TENANT_ERASED: {
    shows: 'thrown by `publish`. Records of the tenant are passed over and counted as `erased`.',
    causes: ['The profile of the tenant has `erasedKeks`, because somebody decided to erase it.'],
    retry: 'never.',
  },
  INVALID_AGGREGATE_ID: {
    shows: 'thrown by `publish`, before anything is sent.',
    causes: [
      '`aggregateId` of the contract read a field that is empty in this event.',
      'A number: return `String(id)`.',
      'An id of more than 512 bytes, such as a URL: take a hash of it.',
    ],
  },
  INVALID_EVENT_ID: {
    shows: 'thrown by `publish`, before anything is sent.',
    causes: ['An id with spaces or letters beyond ASCII, or one of more than 128 characters.'],
  },
  INVALID_HEADER: {
    shows: 'thrown by `publish`, before anything is sent.',
    causes: [
      'A reserved name: `tenant-id`, `traceparent`, or one that begins with `event-`, `dlq-`, `retry-`, `ce_` or `tenantry-`.',
      'A value that is a number or `undefined`, or more than 64 headers.',
    ],
    steps: ['The trace goes on by itself, without headers of yours: [telemetry](telemetry.md).'],
  },
  TENANT_ISOLATION_VIOLATION: {
    shows:
      'thrown by `publish`, `run`, `consumer`, `pauseTenant` and the like, inside code that runs for another tenant.',
    causes: [
      'A scope that was kept in a variable outside of the handler, `kafka.tenant("b")` in a handler of `a`.',
      'A contract with `tenant`, whose data name another tenant than the scope: often a batch of several tenants.',
      'A platform task that was started inside of a handler or a request.',
    ],
    steps: ['Take it for a leak until you know better: look which data would have gone where.'],
  },
  TENANT_CONTEXT_MISSING: {
    shows: 'thrown by `kafka.publish` and its like.',
    causes: [
      'The code runs outside of handlers and of `tenant.run()`, at start or in a timer for instance.',
      'A library with a pool or a queue of its own loses the asynchronous context; wrap its callback with `AsyncResource.bind`.',
    ],
  },
  TENANT_CONTEXT_EXPIRED: {
    shows: 'thrown by `publish`, after the handler has settled. Often as an unhandled rejection.',
    causes: ['A promise that a handler started and did not await.', 'An event emitter or a timer that outlives it.'],
    steps: ['The lint rule `no-floating-promises` finds most of them.'],
  },
  VALIDATION_FAILED: {
    shows: 'thrown by `publish`, before anything is sent. `problems` names fields, never values.',
    causes: ['Data that the schema does not accept.', 'A contract of another version than the data were made for.'],
  },
  NOT_SERIALIZABLE: {
    shows: 'thrown by the first publish of a contract, mostly.',
    causes: [
      'A transform that does not accept what it returns.',
      'A schema that lets a `Date`, a bigint or a `Map` through.',
    ],
    steps: ['[What is written](contracts.md#what-is-written) shows the forms that survive.'],
  },
  ASYNC_SCHEMA: {
    shows: 'thrown by `publish`. A record is dead-lettered with it.',
    causes: ['A refinement or transform that is `async`, one that looks something up for instance.'],
    steps: ['Look it up before `publish`, or in the handler.'],
  },
  RECORD_TOO_LARGE: {
    shows: 'thrown by `publish`, before anything is sent, with `sizeBytes` and `limitBytes`.',
    causes: ['A document or an image in the event.', 'A list that grows with its aggregate.'],
    steps: ['Put large things elsewhere and publish where they are.'],
  },
  RATE_LIMITED: {
    shows: 'thrown by `publish` with `retryAfterMs`, and counted in `tenantry.events.rate_limited`.',
    causes: [
      'The tenant publishes more than its limit: with `onLimit: "reject"` at once, with `"wait"` after `maxWaitMs`.',
      'An import that should use `publishMany`, which waits as long as it takes.',
      'A limit meant for all processes together: it holds in each of them.',
    ],
    steps: ['[Limits](limits.md) tells what counts.'],
  },
  PUBLISH_QUEUE_FULL: {
    shows: 'thrown by `publish`, with how many wait.',
    causes: [
      'A loop that publishes without awaiting.',
      'Brokers, the limit or the key service are slower than what is published.',
    ],
  },
  PUBLISH_FAILED: {
    shows: 'thrown by `publish`, with `reason`.',
    causes: ['Too few replicas in sync, a leader that is being chosen, a broker that restarts.'],
    retry: 'the record is not written, so nothing comes twice.',
  },
  PUBLISH_REFUSED: {
    shows: 'thrown by `publish`, with `reason`.',
    causes: [
      'The topic takes no record of that size: raise `max.message.bytes` there.',
      'No right to write to the topic.',
    ],
  },
  DELIVERY_UNKNOWN: {
    shows: 'thrown by `publish`, with the `eventId`.',
    causes: ['The brokers did not answer within `deliveryTimeoutMs`.', 'The signal fired, or `stop` ran out of time.'],
    retry: 'with the same event id. Choose it yourself beforehand.',
  },
  PUBLISH_INCOMPLETE: {
    shows:
      'thrown by `publishMany`. `outcomes` has one for each item that was taken, each failed one with its own error.',
    causes: ['Some items failed, the signal fired, the client was stopped, or the iterable threw.'],
    retry: 'what is written would be written again. Publish the failed items, each as the code of its own error says.',
  },
  ABORTED: {
    shows: 'thrown by what took a `signal`; by a command whose question was not confirmed.',
    causes: ['Your signal fired: a request that was given up, a time-out, a stop.'],
    retry: 'nothing is wrong; call again when it is wanted.',
  },
  BROKER_UNREACHABLE: {
    shows: 'thrown by `start`, `publish` and administration.',
    causes: [
      'A wrong address, or no broker there.',
      '`advertised.listeners` of the brokers name hosts that are not known here: the first connection succeeds, the next one does not.',
      'TLS is expected on one side only.',
    ],
    steps: ['From the same machine, `openssl s_client -connect HOST:PORT` shows whether TLS answers.'],
  },
  BROKER_ACCESS_DENIED: {
    shows: 'thrown by `start`, `publish` and administration.',
    causes: [
      'Wrong or expired credentials.',
      'A missing ACL, for the control or dead-letter topic of a group often: [names and ACLs](operating.md#names-and-acls).',
    ],
  },
  TOPIC_NOT_FOUND: {
    shows: 'thrown by `start` of consumers, by `publish` and by `skipTenant` and its like, with `topics`.',
    causes: [
      'Nobody has run `admin.createTopics`, or without this `groups` or `tenantGroups`.',
      'An ACL hides the topic: without the right to describe it does not exist.',
      'Offsets that `skipTenant` and its like were given name a partition that the topic does not have.',
    ],
  },
  ADMIN_FAILED: {
    shows: 'thrown by `admin.createTopics` and by commands, with `reason`.',
    causes: [
      'More replicas than brokers: `replicationFactor` is 3 by default.',
      'A policy of the cluster refuses the topic.',
    ],
  },
  CONTROL_UNCONFIRMED: {
    shows:
      'thrown by `pauseTenant`, `resumeTenant`, `replayTenant`, `skipTenant`, `redrive` and `skipUnreadable`, with `partitions`; with none where nobody knows whether it is written, and the message says so.',
    causes: [
      'A member of the group hangs, is away, or its commits are refused.',
      'A killed member whose session has not run out: its partitions come to others after 45 s.',
      'The broker did not answer when the control was written.',
    ],
    retry: 'but what is written holds all the same. To ask again waits again, and writes what may not be written.',
  },
  REDRIVE_UNDER_WAY: {
    shows: 'thrown by `redrive`, with `partitions`.',
    causes: ['The one before still runs, or its tenant is paused.'],
  },
} as const satisfies TroublesOf<
  | 'INVALID_TENANT_ID'
  | 'UNKNOWN_TENANT'
  | 'TENANT_ERASED'
  | 'INVALID_AGGREGATE_ID'
  | 'INVALID_EVENT_ID'
  | 'INVALID_HEADER'
  | 'TENANT_ISOLATION_VIOLATION'
  | 'TENANT_CONTEXT_MISSING'
  | 'TENANT_CONTEXT_EXPIRED'
  | 'VALIDATION_FAILED'
  | 'NOT_SERIALIZABLE'
  | 'ASYNC_SCHEMA'
  | 'RECORD_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'PUBLISH_QUEUE_FULL'
  | 'PUBLISH_FAILED'
  | 'PUBLISH_REFUSED'
  | 'DELIVERY_UNKNOWN'
  | 'PUBLISH_INCOMPLETE'
  | 'ABORTED'
  | 'BROKER_UNREACHABLE'
  | 'BROKER_ACCESS_DENIED'
  | 'TOPIC_NOT_FOUND'
  | 'ADMIN_FAILED'
  | 'CONTROL_UNCONFIRMED'
  | 'REDRIVE_UNDER_WAY'
>;
