import type { ClientParts } from '../../../client/compose-parts.js';
import type { AnyEventContract } from '../../../contract/event-contract.js';
import { validateData } from '../../../contract/validate.js';
import { isTenantryError } from '../../../core/errors.js';
import { isTenantId } from '../../../core/tenant-id.js';
import { validateEvent } from '../../../producer/validate-stage.js';
import { parseRecordKey } from '../../../record/record-key.js';
import type { OutgoingRecord } from '../../../record/wire-record.js';
import { attempt } from '../../../telemetry/attempt.js';
import { readable, type Saw } from './output.js';
import type { Owner } from './owner.js';
import { patched } from './patched.js';

/** Told where code tried to act for a tenant and was refused; `owner` is whose code, where not the one's who runs now. */
export type OnRefused = (tenantId: string, owner?: Owner) => void;

/**
 * Watches what a client publishes, as the schema lets it out and before it is sealed, and where the library refuses to.
 *
 * @returns ends the watch
 */
export function watchPublishes({ pipeline, ambient, clock }: ClientParts, saw: Saw, onRefused: OnRefused): () => void {
  /** The contract's own function reads another tenant out of the data than the one it is published for. */
  const sawOtherTenant = (tenantId: string, contract: AnyEventContract, input: unknown): void => {
    const named = attempt(() => contract.tenantOf?.(validateData(contract, input)));
    if (typeof named === 'string' && isTenantId(named)) onRefused(named, ofTenant(tenantId));
  };
  const undo = [
    patched(pipeline, 'publish', (original) => (tenantId, contract, data, options, pacing) => {
      try {
        const event = validateEvent(tenantId, contract, data, options, clock);
        const aggregateId = event.key.subarray(tenantId.length + 1).toString('utf8');
        const value = { aggregateId, data: event.data, eventId: options.eventId, headers: options.headers };
        saw('publish', contract.eventType, value, ofTenant(tenantId));
      } catch (error) {
        // It is not published: the call below fails as well, and tells its caller why.
        if (isTenantryError(error, 'TENANT_ISOLATION_VIOLATION')) sawOtherTenant(tenantId, contract, data);
      }
      return original.call(pipeline, tenantId, contract, data, options, pacing);
    }),
    patched(pipeline, 'tombstone', (original) => (tenantId, contract, aggregateId, options) => {
      const value = { aggregateId, eventId: options.eventId, headers: options.headers };
      saw('publish', contract.eventType, value, ofTenant(tenantId));
      return original.call(pipeline, tenantId, contract, aggregateId, options);
    }),
    patched(ambient, 'assertMayActFor', (original) => (tenantId) => {
      try {
        original.call(ambient, tenantId);
      } catch (error) {
        if (isTenantryError(error, 'TENANT_ISOLATION_VIOLATION')) onRefused(tenantId);
        throw error;
      }
    }),
  ];
  return () => {
    for (const each of undo.reverse()) each();
  };
}

/** Takes note of a record that the library writes by itself, such as a dead letter. */
export function sawCopy(saw: Saw, { topic, key, value, headers }: OutgoingRecord): void {
  const tenantId = parseRecordKey(key)?.tenantId;
  const owner: Owner = tenantId === undefined ? { by: 'none', tenantId } : ofTenant(tenantId);
  const shown = {
    key: key?.toString('utf8'),
    headers: Object.fromEntries(headers.map((header) => [header.name, header.value.toString('utf8')])),
    value: readable(value?.toString('utf8')),
  };
  saw('topic', topic, shown, owner);
}

function ofTenant(tenantId: string): Owner {
  return { by: 'record', tenantId };
}
