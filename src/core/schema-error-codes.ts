import type { ErrorCodeEntry } from './error-code-entry.js';

/** The codes of a schema registry, as part of the table in `error-codes.ts`. */
export const SCHEMA_ERROR_CODES = {
  SCHEMA_REGISTRY_AWAY: {
    retryable: true,
    actor: 'operator',
    meaning: 'The schema registry gave no usable answer, and a schema is needed that is not known yet.',
    remedy: 'Check the registry and its url; consumed events wait, and publishes may be tried again.',
  },
  SCHEMA_REGISTRY_DENIED: {
    retryable: false,
    actor: 'operator',
    meaning: 'The schema registry refused the credentials or the request.',
    remedy: 'Check auth and what the registry allows; consumed events wait meanwhile.',
  },
  SCHEMA_NOT_REGISTERED: {
    retryable: false,
    actor: 'operator',
    meaning: "The contract's schema is not registered under its subject, and the client may not register it.",
    remedy: "Register the schema, or use mode: 'register'; nothing was published.",
  },
  SCHEMA_REFUSED: {
    retryable: false,
    actor: 'application',
    meaning: "The schema registry refuses the contract's schema as incompatible or invalid.",
    remedy: 'Undo the change of the fields that problems names, or make a new version; nothing was published.',
  },
  SCHEMA_UNKNOWN: {
    retryable: false,
    actor: 'operator',
    meaning: 'The record names a schema id that the registry does not know.',
    remedy: 'Find the producer and the registry that it uses; redrive once the schema is there.',
  },
  SCHEMA_MISMATCH: {
    retryable: false,
    actor: 'operator',
    meaning: "The registry has another event's schema, or another format, under the schema id.",
    remedy: "Compare the schema under the id with the contract's, and the registries of producer and consumer.",
  },
} as const satisfies Record<string, ErrorCodeEntry>;
