export { defineEvent } from './define-event.js';
export type { EventDefinition, UpcastDefinition } from './define-event.js';
export type {
  AnyEventContract,
  CompactedContract,
  EventContract,
  InputOf,
  OutputOf,
  Protection,
  SealedFields,
  Upcast,
} from './event-contract.js';
export type { SchemaInput, SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from './standard-schema.js';
