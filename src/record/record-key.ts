import { tenantryError } from '../core/errors.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { decodeUtf8, isWellFormed } from '../core/utf8.js';

/** The longest aggregate id, in UTF-8 bytes. */
const MAX_AGGREGATE_ID_BYTES = 512;

const COLON = 0x3a;

/** A record key, read. */
export interface RecordKey {
  readonly tenantId: TenantId;
  readonly aggregateId: string;
}

/**
 * The record key of an aggregate's events: `{tenantId}:{aggregateId}` in UTF-8.
 *
 * @param eventType - whose events they are, for the error
 * @throws TenantryError `INVALID_AGGREGATE_ID`
 */
export function encodeRecordKey(tenantId: TenantId, aggregateId: unknown, eventType: string): Buffer {
  const invalid = (problem: string): Error =>
    tenantryError('INVALID_AGGREGATE_ID', `event contract ${eventType}: an aggregate id must ${problem}`);
  if (typeof aggregateId !== 'string') throw invalid(`be a string, not of type ${typeof aggregateId}`);
  if (aggregateId === '') throw invalid('not be empty');
  if (!isWellFormed(aggregateId)) throw invalid('be well-formed text: it holds a lone surrogate');
  const key = Buffer.from(`${tenantId}:${aggregateId}`, 'utf8');
  const sizeBytes = key.length - tenantId.length - 1;
  if (sizeBytes > MAX_AGGREGATE_ID_BYTES) {
    throw invalid(`be at most ${MAX_AGGREGATE_ID_BYTES} UTF-8 bytes, this one has ${sizeBytes}`);
  }
  return key;
}

/**
 * Reads a record key: the tenant id ends at the first `:`, so `a:b:c` is aggregate `b:c` of tenant `a`.
 *
 * @returns undefined where the key is missing, is not UTF-8 or does not fit the grammar
 */
export function parseRecordKey(key: Uint8Array | null): RecordKey | undefined {
  if (key === null) return undefined;
  const colon = key.indexOf(COLON);
  if (colon <= 0 || colon === key.length - 1 || key.length - colon - 1 > MAX_AGGREGATE_ID_BYTES) return undefined;
  const text = decodeUtf8(key);
  if (text === undefined) return undefined;
  const tenantId = text.slice(0, colon);
  return isTenantId(tenantId) ? { tenantId, aggregateId: text.slice(colon + 1) } : undefined;
}
