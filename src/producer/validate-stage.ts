import { isEventContract, type AnyEventContract } from '../contract/event-contract.js';
import { validateData } from '../contract/validate.js';
import type { Clock } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import { newEventId, parseEventId } from '../core/event-id.js';
import type { TenantId } from '../core/tenant-id.js';
import type { PublishOptions } from '../api/publisher.js';
import { encodeRecordKey } from '../record/record-key.js';
import { applicationHeaders } from './application-headers.js';
import type { Validated } from './stages.js';

/** What fits the fifteen digits that a consumer accepts of an event time. */
const LATEST_MS = 999_999_999_999_999;

/**
 * The first stage: what was passed becomes the schema's output, and the record gets its names.
 *
 * @throws TenantryError `VALIDATION_FAILED`, `ASYNC_SCHEMA`, `INVALID_AGGREGATE_ID`, `INVALID_EVENT_ID`,
 * `INVALID_HEADER`, `TENANT_ISOLATION_VIOLATION`, `INVALID_CONTRACT`
 */
export function validateEvent(
  tenantId: TenantId,
  contract: AnyEventContract,
  input: unknown,
  options: PublishOptions,
  clock: Clock,
): Validated {
  assertContract(contract);
  const data = validateData(contract, input);
  assertOwnTenant(tenantId, contract, data);
  const key = encodeRecordKey(
    tenantId,
    readFrom(contract, 'aggregateId', () => contract.aggregateId(data)),
    contract.eventType,
  );
  return named(tenantId, contract, key, data, false, options, clock);
}

/** The first stage of a tombstone, which has no data. */
export function validateTombstone(
  tenantId: TenantId,
  contract: AnyEventContract,
  aggregateId: string,
  options: PublishOptions,
  clock: Clock,
): Validated {
  assertContract(contract);
  if (!contract.compacted) {
    throw tenantryError(
      'INVALID_CONTRACT',
      `event contract ${contract.eventType}: only a contract with compacted: true has tombstones`,
    );
  }
  const key = encodeRecordKey(tenantId, aggregateId, contract.eventType);
  return named(tenantId, contract, key, undefined, true, options, clock);
}

function named(
  tenantId: TenantId,
  contract: AnyEventContract,
  key: Buffer,
  data: unknown,
  tombstone: boolean,
  options: PublishOptions,
  clock: Clock,
): Validated {
  const publishTimeMs = clock.nowMs();
  return {
    tenantId,
    contract,
    data,
    tombstone,
    key,
    eventId: options.eventId === undefined ? newEventId(publishTimeMs) : parseEventId(options.eventId),
    eventTimeMs: options.timestamp === undefined ? publishTimeMs : eventTime(options.timestamp),
    publishTimeMs,
    furtherHeaders: applicationHeaders(options.headers),
  };
}

function eventTime(timestamp: Date): number {
  const timeMs = timestamp instanceof Date ? timestamp.getTime() : Number.NaN;
  if (Number.isNaN(timeMs) || timeMs < 0 || timeMs > LATEST_MS) {
    throw tenantryError('INVALID_OPTIONS', 'publish: timestamp must be a valid Date from 1970 to the year 33658', {
      problems: [{ path: 'timestamp', message: 'must be a valid Date from 1970 to the year 33658' }],
    });
  }
  return timeMs;
}

function assertContract(contract: AnyEventContract): void {
  if (!isEventContract(contract))
    throw tenantryError('INVALID_CONTRACT', 'publish takes a contract made by defineEvent');
}

function assertOwnTenant(tenantId: TenantId, contract: AnyEventContract, data: unknown): void {
  if (contract.tenantOf === undefined) return;
  const named = readFrom(contract, 'tenant', () => contract.tenantOf?.(data));
  if (named !== tenantId) {
    throw tenantryError(
      'TENANT_ISOLATION_VIOLATION',
      `event contract ${contract.eventType}: the data names another tenant than ${tenantId}, for which it would be published`,
    );
  }
}

/** A contract's own function may throw with data in its message, so only the fact is told. */
function readFrom<T>(contract: AnyEventContract, what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw tenantryError('INVALID_CONTRACT', `event contract ${contract.eventType}: its ${what} function threw`);
  }
}
