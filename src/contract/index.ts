export { defineEvent } from './define-event.js';
export type { EventDefinition } from './define-event.js';
export type {
  AnyEventContract,
  CompactedContract,
  EventContract,
  InputOf,
  OutputOf,
  Protection,
  SealedFields,
} from './event-contract.js';
export type { SchemaInput, SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './standard-schema.js';
