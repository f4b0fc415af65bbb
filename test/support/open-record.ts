import type { ConsumedEvent } from '../../src/api/consumed-event.js';
import type { HandlerPolicy } from '../../src/consumer/handling/handler-policy.js';
import { HandlerTable } from '../../src/consumer/handling/handler-table.js';
import { openEvent } from '../../src/consumer/handling/open-event.js';
import { TenantGuard } from '../../src/consumer/handling/tenant-guard.js';
import type { AnyEventContract } from '../../src/contract/event-contract.js';
import { tenantryError } from '../../src/core/errors.js';
import type { RecordCipher } from '../../src/encryption/record-cipher.js';
import type { ReceivedRecord } from '../../src/record/wire-record.js';
import { jsonSerde } from '../../src/serde/json-serde.js';
import { openDirectory } from '../../src/tenant/directory.js';

/** Guards and opens a record of the first contract as a consumer does that handles all of them. */
export async function openRecord(
  record: ReceivedRecord,
  cipher: RecordCipher,
  [contract, ...newer]: readonly [AnyEventContract, ...AnyEventContract[]],
  acceptUnprotected: readonly string[] = [],
): Promise<ConsumedEvent> {
  const handlers = new HandlerTable(acceptUnprotected);
  for (const each of [contract, ...newer]) handlers.add(each, () => undefined, {} as HandlerPolicy);
  const verdict = new TenantGuard(undefined, openDirectory).check(record);
  if (verdict.kind === 'violation') throw tenantryError('RECORD_HEADER_INVALID', verdict.code);
  if (verdict.kind !== 'own') throw new Error('a worker has no foreign records');
  const route = handlers.find(contract.eventType, contract.topic);
  if (typeof route === 'string') throw new Error(route);
  return openEvent({ record }, verdict.record, route, { cipher, serde: jsonSerde, handlers });
}
