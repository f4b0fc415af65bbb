import { tenantryError, type TenantryError } from '../core/errors.js';
import type { ConsumerFault, DeliveryFailure } from './port.js';

/** librdkafka's own codes are negative, the broker's positive (https://kafka.apache.org/protocol#protocol_error_codes). */
export const CODE = {
  badMessage: -199,
  badCompression: -198,
  transport: -195,
  messageTimedOut: -192,
  unknownPartition: -190,
  unknownTopic: -188,
  allBrokersDown: -187,
  timedOut: -185,
  queueFull: -184,
  waitingForCoordinator: -180,
  assignPartitions: -175,
  revokePartitions: -174,
  wrongState: -172,
  authentication: -169,
  fatal: -150,
  gaplessGuarantee: -148,
  fenced: -144,
  autoOffsetReset: -140,
  logTruncation: -139,
  offsetOutOfRange: 1,
  invalidMessage: 2,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  offsetMetadataTooLarge: 12,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  batchTooLarge: 18,
  notEnoughReplicas: 19,
  unknownMember: 25,
  topicAuthorization: 29,
  groupAuthorization: 30,
  clusterAuthorization: 31,
  invalidTimestamp: 32,
  unsupportedVersion: 35,
  topicExists: 36,
  unsupportedForMessageFormat: 43,
  policyViolation: 44,
  leaderNotAvailable: 5,
  notLeader: 6,
  storageError: 56,
  unsupportedCompression: 76,
  invalidRecord: 87,
  throttled: 89,
} as const;

/** The log looked at the record and will not take it, however often it is sent. */
const INVALID: ReadonlySet<number> = new Set([
  CODE.invalidMessage,
  CODE.messageTooLarge,
  CODE.batchTooLarge,
  CODE.invalidTimestamp,
  CODE.policyViolation,
  CODE.invalidRecord,
]);

/** No record is taken as things are: somebody has to change a permission, a topic or a setting. */
const REFUSED: ReadonlySet<number> = new Set([
  CODE.unknownTopic,
  CODE.invalidTopic,
  CODE.topicAuthorization,
  CODE.clusterAuthorization,
  CODE.unsupportedVersion,
  CODE.unsupportedForMessageFormat,
  CODE.unsupportedCompression,
]);

/** The record was surely not written, and the reason passes. */
const NOT_WRITTEN: ReadonlySet<number> = new Set([
  CODE.unknownPartition,
  CODE.queueFull,
  CODE.unknownTopicOrPartition,
  CODE.leaderNotAvailable,
  CODE.notLeader,
  CODE.notEnoughReplicas,
  CODE.storageError,
  CODE.throttled,
]);

/**
 * What a failed delivery report means. librdkafka knows whether a record may have been persisted, but the
 * client does not hand that on; so every code that can follow a request without an answer is `unknown`: time-outs,
 * purges, transport errors, and the fatal errors of an idempotent producer.
 */
export function deliveryFailure(code: number, reason: string): DeliveryFailure {
  if (INVALID.has(code)) return { kind: 'invalid', reason };
  if (REFUSED.has(code)) return { kind: 'refused', reason };
  return { kind: NOT_WRITTEN.has(code) ? 'failed' : 'unknown', reason };
}

/**
 * With `auto.offset.reset=error` librdkafka (2.15) tells of a log that was cut with the code of a position that is out of
 * its log, and the client drops the text that would tell them apart.
 */
const OUT_OF_RANGE: ReadonlySet<number> = new Set([CODE.autoOffsetReset, CODE.logTruncation, CODE.offsetOutOfRange]);
const UNREADABLE: ReadonlySet<number> = new Set([
  CODE.badMessage,
  CODE.badCompression,
  CODE.invalidMessage,
  CODE.messageTooLarge,
]);

const CLASSIC_HINT = " (brokers before Kafka 4 need groupProtocol: 'classic')";

/** What an error of a running consumer means. */
export function consumerFault(code: number, reason: string): ConsumerFault {
  if (OUT_OF_RANGE.has(code)) return { kind: 'out-of-range', reason };
  if (UNREADABLE.has(code)) return { kind: 'unreadable', reason };
  if (code === CODE.fatal) return { kind: 'fatal', reason: `${reason}${CLASSIC_HINT}` };
  return { kind: code === CODE.fenced || DENIED.has(code) ? 'fatal' : 'other', reason };
}

const UNREACHABLE: ReadonlySet<number> = new Set([
  CODE.transport,
  CODE.messageTimedOut,
  CODE.allBrokersDown,
  CODE.timedOut,
  CODE.waitingForCoordinator,
  // While a group's coordinator is made, begins or moves.
  CODE.coordinatorLoading,
  CODE.coordinatorNotAvailable,
  CODE.notCoordinator,
]);
const DENIED: ReadonlySet<number> = new Set([
  CODE.authentication,
  CODE.topicAuthorization,
  CODE.groupAuthorization,
  CODE.clusterAuthorization,
]);

/**
 * The error for a request to the broker that failed.
 *
 * @param what - the request, such as `creating topic orders`
 */
export function requestError(what: string, code: number, reason: string): TenantryError {
  if (UNREACHABLE.has(code)) return tenantryError('BROKER_UNREACHABLE', `${what}: no broker answered (${reason})`);
  if (DENIED.has(code)) return tenantryError('BROKER_ACCESS_DENIED', `${what}: refused by the broker (${reason})`);
  return tenantryError('ADMIN_FAILED', `${what} failed: ${reason}`, { reason });
}

/** The code of an error thrown or called back by the client; 0 where it has none. */
export function codeOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : 0;
}

/** The text of an error of the client: one of librdkafka's fixed texts, or the broker's answer. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

/**
 * Error events lose their code on the way to JavaScript; what arrives is librdkafka's fixed text of the code,
 * in lower case and without its prefix.
 */
export const EVENT_TEXT = { authentication: 'authentication failure', fatal: 'fatal error' } as const;
