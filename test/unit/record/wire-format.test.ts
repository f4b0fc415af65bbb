// The vectors for other languages say what this library does.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TenantGuard } from '../../../src/consumer/handling/tenant-guard.js';
import { parseEventType } from '../../../src/contract/event-type.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { outgoingRecord } from '../../../src/producer/outgoing-record.js';
import type { Sealed } from '../../../src/producer/stages.js';
import { encodeRecordKey, parseRecordKey } from '../../../src/record/record-key.js';
import { partitionFor } from '../../../src/routing/murmur2.js';
import { openDirectory } from '../../../src/tenant/directory.js';
import { receivedRecord } from '../../support/records.js';
import { hexHeaders, keyBytes, wireHeaders, wireVectors, type WireEvent } from '../../support/wire-vectors.js';

const guard = new TenantGuard(undefined, openDirectory);
const { keys, partitionCounts, readOnly, records, refusedIdentities, refusedRecords } = wireVectors;

describe('the vectors of the wire format', () => {
  it.each(keys)('key of $tenant and $aggregateId', ({ tenant, aggregateId, key, partitions }) => {
    const bytes = encodeRecordKey(parseTenantId(tenant), aggregateId, 'orders.placed.v1');
    expect(bytes.toString('hex')).toBe(key);
    expect(parseRecordKey(bytes)).toEqual({ tenantId: tenant, aggregateId });
    expect(partitionCounts.map((count) => partitionFor(bytes, count))).toEqual(partitions);
  });

  it.each(refusedIdentities)('no key for $why', ({ tenant, aggregateId, code }) => {
    expect(() => encodeRecordKey(parseTenantId(tenant), aggregateId, 'orders.placed.v1')).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each(records)('headers of $name', ({ event, key, headers }) => {
    const record = outgoingRecord(sealed(event), 0);
    expect(record.key?.toString('hex')).toBe(key);
    expect(hexHeaders(record.headers)).toEqual(headers);
  });

  it.each([...records, ...readOnly])('is read: $name', ({ event, key, headers }) => {
    const verdict = guard.check(receivedRecord({ key: keyBytes(key), headers: wireHeaders(headers) }));
    if (verdict.kind !== 'own') expect.fail(JSON.stringify(verdict));
    const { tenantId, aggregateId, eventType, eventId } = verdict.record;
    const { tenant, type, version } = event;
    expect({ tenantId, aggregateId, eventId }).toEqual({
      tenantId: tenant,
      aggregateId: event.aggregateId,
      eventId: event.eventId,
    });
    expect(parseEventType(eventType)).toEqual({ type, version });
  });

  it.each(refusedRecords)('is refused: $why', ({ key, headers, code }) => {
    const verdict = guard.check(receivedRecord({ key: keyBytes(key), headers: wireHeaders(headers) }));
    expect(verdict).toEqual({ kind: 'violation', code });
  });
});

/** What the last stage of a publish gets, of an unprotected event. */
function sealed({ tenant, aggregateId, type, version, eventId, eventTimeMs, publishTimeMs = 0 }: WireEvent): Sealed {
  const tenantId = parseTenantId(tenant);
  const contract = defineEvent({
    type,
    version,
    topic: 'orders',
    schema: z.object({ id: z.string() }),
    aggregateId: ({ id }) => id,
    protection: 'none',
  });
  return {
    tenantId,
    contract,
    key: encodeRecordKey(tenantId, aggregateId, 'orders.placed.v1'),
    eventId,
    eventTimeMs: eventTimeMs ?? publishTimeMs,
    publishTimeMs,
    topic: 'orders',
    value: Buffer.from('{}'),
    seal: undefined,
    traceHeaders: [],
    furtherHeaders: [],
  } as unknown as Sealed;
}
