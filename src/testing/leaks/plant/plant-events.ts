import { validateData } from '../../../contract/validate.js';
import type { AnyEventContract } from '../../../contract/event-contract.js';
import { sameFor } from './adversarial-tenants.js';
import { canaryOf, type CanaryMark, type Planted } from './canary.js';
import type { ResolvedLeakOptions } from '../leak-options.js';
import type { MarkSearch } from '../search/mark-search.js';
import type { Choices } from '../order/choices.js';

/** An event that is published for the handlers, with canaries in it. */
export interface PlantedEvent {
  readonly contract: AnyEventContract;
  readonly tenantId: string;
  readonly record: number;
  readonly data: unknown;
  readonly eventId: string;
}

/** The events of the run of a seed. */
export interface PlantedEvents {
  /** In the order of publishing; those that are delivered once more are in it twice. */
  readonly events: readonly PlantedEvent[];
  /** Where the canaries stand in what handlers get, by record. */
  readonly planted: readonly Planted[];
  readonly redeliveries: number;
}

/**
 * Makes the events of all tenants, in an order that the seed decides.
 *
 * @throws TenantryError `VALIDATION_FAILED`, `ASYNC_SCHEMA` where an input does not fit its contract
 */
export function plantEvents(
  seed: number,
  { inputs, tenants, recordsPerTenant, redeliveryRate }: ResolvedLeakOptions,
  search: MarkSearch<CanaryMark>,
  random: Choices,
): PlantedEvents {
  const events: PlantedEvent[] = [];
  const planted: Planted[] = [];
  for (const { contract, make } of inputs) {
    for (const tenantId of tenants) {
      for (let count = 0; count < recordsPerTenant; count += 1) {
        const record = planted.length;
        const { canary, placesIn } = canaryOf(search, { seed, tenantId, eventType: contract.eventType, record });
        const data = make({ tenantId, canary, same: sameFor(seed, count), record });
        planted.push(placesIn(validateData(contract, data)));
        events.push({ contract, tenantId, record, data, eventId: `leaks-${seed}-${record}` });
      }
    }
  }
  const again = events.filter(() => random.isTrue(redeliveryRate));
  return { events: [...random.shuffled(events), ...random.shuffled(again)], planted, redeliveries: again.length };
}
