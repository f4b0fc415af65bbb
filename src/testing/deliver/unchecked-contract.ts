import { brandContract, type AnyEventContract } from '../../contract/event-contract.js';

/** The contract as somebody might have it who knows another schema: whatever is given is written. */
export function uncheckedContract(contract: AnyEventContract, aggregateId: string): AnyEventContract {
  const { type, version, eventType, topic, protection, compacted } = contract;
  return brandContract({
    type,
    version,
    eventType,
    topic,
    protection,
    compacted,
    schema: { '~standard': { version: 1, vendor: 'tenantry', validate: (value) => ({ value }) } },
    aggregateId: () => aggregateId,
  });
}
