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
 * @throws TenantryError `INVALID_AGGREGATE_ID`
 */
export function encodeRecordKey(tenantId: TenantId, aggregateId: unknown): Buffer {
  if (typeof aggregateId !== 'string') {
    throw tenantryError('INVALID_AGGREGATE_ID', `an aggregate id must be a string, not of type ${typeof aggregateId}`);
  }
  if (aggregateId === '') throw tenantryError('INVALID_AGGREGATE_ID', 'an aggregate id must not be empty');
  if (!isWellFormed(aggregateId)) {
    throw tenantryError('INVALID_AGGREGATE_ID', 'an aggregate id must be well-formed text: it holds a lone surrogate');
  }
  const key = Buffer.from(`${tenantId}:${aggregateId}`, 'utf8');
  const sizeBytes = key.length - tenantId.length - 1;
  if (sizeBytes > MAX_AGGREGATE_ID_BYTES) {
    throw tenantryError(
      'INVALID_AGGREGATE_ID',
      `an aggregate id must be at most ${MAX_AGGREGATE_ID_BYTES} UTF-8 bytes, this one has ${sizeBytes}`,
    );
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
