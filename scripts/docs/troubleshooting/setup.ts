import type { TroublesOf } from './trouble.ts';

/** Before anything is published or handled. */
export const SETUP_TROUBLES = {
  INVALID_OPTIONS: {
    shows:
      'thrown by whatever takes options: `new TenantKafka`, `worker`, `consumer`, `publish`, `envelopeEncryption`. `problems` has a path and a message for each wrong field. The command line gives it for a wrong flag.',
    causes: [
      'A misspelt option: unknown names are refused, because one that is left out in silence is worse.',
      'A duration without its unit in the name, such as `timeout` for `timeoutMs`.',
      'A setting of librdkafka that the library owns, because a promise depends on it.',
    ],
  },
  INVALID_CONTRACT: {
    shows: 'thrown by `defineEvent`, `on`, `createTopics` and `publish`. In a consumer a record is held with it.',
    causes: [
      'A field of `defineEvent` that does not fit, such as a type in upper case or a topic with a dot.',
      'An object that `defineEvent` did not make, for instance a copy by spread.',
      'A function of the contract, such as `aggregateId`, that throws or returns no text.',
    ],
  },
  NO_JSON_SCHEMA: {
    shows:
      'thrown by `tenantry contracts export`, and by whatever needs JSON Schema, a schema registry for instance. `problems` names the fields.',
    causes: [
      'A `Date`, a bigint, a function or the like where JSON has no form for it.',
      'A schema library, or a version of it, without Standard JSON Schema. Valibot needs `toStandardJsonSchema`.',
    ],
    steps: ['[JSON Schema](contracts.md#json-schema) has the table of libraries and versions.'],
  },
  CONTRACT_CONFLICT: {
    shows: 'thrown by `publish`, `on`, `start` and `createTopics`.',
    causes: [
      'Two contracts of one type and version, often two copies of one package of contracts.',
      'Contracts of a topic that differ in `compacted`.',
      'Two consumers of one group in one client that handle different types.',
    ],
    steps: ['`npm ls` shows whether a package of contracts is installed twice.'],
  },
  INCOMPATIBLE_CONTRACTS: {
    shows:
      'ends `tenantry contracts check` and `tenantry contracts verify`, which print each finding with its field and reason before it.',
    causes: [
      'A field was removed, renamed, or made required.',
      'A schema uses what cannot be compared, so the answer is not known.',
    ],
    steps: ['[Contract bundles](contract-bundles.md) tells what each direction of compatibility demands.'],
  },
  INVALID_KEY_MATERIAL: {
    shows: 'thrown by `localKeyring` and by commands that read a key file.',
    causes: [
      'A key of another length than 32 bytes, or neither in base64 nor in hex.',
      'A key file that is not JSON, or open to others than its owner.',
      'Two tenant ids that differ in upper and lower case only.',
    ],
  },
  DRIVER_UNAVAILABLE: {
    shows: 'thrown by the first call that needs Kafka. Importing `tenantry` does not load the native client.',
    causes: [
      'Install scripts were off, so that its binary was not fetched.',
      'Node.js was changed to another major version, or the files were copied from another platform.',
    ],
    steps: ['[Getting started](getting-started.md#the-native-client) tells how to build it from source.'],
  },
  WORKER_THREAD: {
    shows: 'thrown by the first call that needs Kafka, in a worker thread.',
    causes: [
      'A test runner that runs files in threads: vitest needs `pool: "forks"`.',
      'A thread pool of the application whose tasks publish.',
    ],
    steps: ['Child processes are fine.'],
  },
  INVALID_STATE: {
    shows: 'thrown by the call that does not fit.',
    causes: [
      '`on` after `start`, or `start` without handlers.',
      '`replayTenant` with a `Date` on the broker in the process, which finds no offsets by time.',
      '`tenantry cursors reset` while the group has members.',
    ],
  },
  NOT_RUNNING: {
    shows: 'thrown by `publish`, `start`, `caughtUp` and the calls of a worker.',
    causes: [
      '`kafka.stop()` was called, and something goes on publishing.',
      'A worker was stopped and is started again: a stopped one stays so.',
      'A consumer that cannot go on; the message tells why.',
    ],
    steps: ['Stop what calls the client first, the client after it.'],
  },
} as const satisfies TroublesOf<
  | 'INVALID_OPTIONS'
  | 'INVALID_CONTRACT'
  | 'NO_JSON_SCHEMA'
  | 'CONTRACT_CONFLICT'
  | 'INCOMPATIBLE_CONTRACTS'
  | 'INVALID_KEY_MATERIAL'
  | 'DRIVER_UNAVAILABLE'
  | 'WORKER_THREAD'
  | 'INVALID_STATE'
  | 'NOT_RUNNING'
>;
