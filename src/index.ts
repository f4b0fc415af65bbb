export type {
  TenantConsumer,
  EventConsumer,
  ConsumerOptions,
  ConsumerCounts,
  ConsumerHealth,
  StopReport,
} from './api/consumer.js';
export type {
  ControlOptions,
  MoveTarget,
  PartitionOffsets,
  RedriveOptions,
  RedriveReport,
  ReplayRange,
  PartitionLag,
  TenantLag,
  UnreadableOffsets,
  Worker,
} from './api/worker.js';
export type { ConsumedEvent, EventOf } from './api/consumed-event.js';
export type { DedupeOptions, DedupeStore } from './api/dedupe.js';
export type { ErasedRecord } from './api/erased-record.js';
export type { DeliveredRecord, EventHandler, HandlerContext, HandlerOptions } from './api/handler.js';
export type { PublishManyOptions, PublishOptions, Publisher, Receipt } from './api/publisher.js';
export type { RetryOptions } from './api/retry-options.js';
export type { TenantScope } from './api/tenant-scope.js';
export type { CreatedTopics, CreateTopicsOptions } from './admin/create-topics.js';
export { defineConfig, type TenantryConfig } from './cli/settings/define-config.js';
export type { ClientOptions, TenantsOption } from './client/client-options.js';
export type { Admin } from './client/client-admin.js';
export { TenantKafka } from './client/tenant-kafka.js';
export { deadLetter, retryAfter } from './consumer/handling/handler-verdict.js';
export { memoryDedupe, type MemoryDedupeOptions } from './consumer/handling/memory-dedupe.js';
export { defineEvent, type EventDefinition, type UpcastDefinition } from './contract/define-event.js';
export type {
  AnyEventContract,
  CompactedContract,
  EventContract,
  InputOf,
  OutputOf,
  Protection,
  SealedFields,
  Upcast,
} from './contract/event-contract.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './contract/standard-schema.js';
export type { Clock, Timer } from './core/clock.js';
export type { ErrorCode } from './core/error-codes.js';
export {
  isTenantryError,
  TenantryError,
  type ErrorFields,
  type Problem,
  type PublishOutcome,
  type TenantryErrorOf,
} from './core/errors.js';
export type { Logger } from './core/logger.js';
export { isRetryable } from './core/retryability.js';
export { isTenantId, type TenantId } from './core/tenant-id.js';
export {
  envelopeEncryption,
  type EncryptionOptions,
  type EnvelopeEncryptionOptions,
} from './encryption/encryption-options.js';
export type { Eventual } from './encryption/eventual.js';
export type { DestroyKekOptions, DestructionAnswer, KekDestruction } from './encryption/key-destruction.js';
export {
  KeyServiceFailure,
  type GeneratedDataKey,
  type KeyService,
  type KeyServiceFailureKind,
} from './encryption/key-service.js';
export type { KeyMaterial, KeyRing, TenantKeys } from './encryption/key-ring.js';
export { keyServices, type KeyServicesOptions, type TenantKeyServices } from './encryption/key-services.js';
export type { KeyUris, TenantKeyUris } from './encryption/key-uris.js';
export { localKeyring, type LocalKeyringOptions } from './encryption/local-keyring.js';
export type { CertificateKey } from './erasure/certificate-keys.js';
export {
  verifyErasureCertificate,
  type ErasureCertificate,
  type VerifyCertificateOptions,
} from './erasure/certificate.js';
export type { DsseEnvelope, DsseSignature } from './erasure/dsse.js';
export type { EraseTenantOptions } from './erasure/erase-options.js';
export type { ErasureResult, KeyErasure } from './erasure/erase-tenant.js';
export type { ErasureStatement } from './erasure/statement.js';
export type { RateLimitOptions } from './rate-limit/options.js';
export type { SerdeOption } from './serde/serde-option.js';
export type { TelemetryOptions } from './telemetry/options.js';
export type { TenantDirectory, TenantProfile, TenantRateLimit } from './tenant/directory.js';
export type { ErasedKeksOf } from './tenant/erasure-entries.js';
export type { OauthToken, TransportOptions } from './transport/options.js';
