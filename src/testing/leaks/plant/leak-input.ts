import type { AnyEventContract, InputOf } from '../../../contract/event-contract.js';
import { invalidOptions } from '../../../core/invalid-options.js';
import { fixtures } from '../../fixtures/fixtures.js';
import type { Plant } from './plant.js';
import { plantedCopy } from './planted-copy.js';

/** A contract, and how its inputs are made; `leakInput` makes it. */
export interface LeakInput {
  readonly contract: AnyEventContract;
  /** Makes the input of one record. */
  readonly make: (plant: Plant) => unknown;
}

/**
 * Says how the inputs of a contract are made for `findTenantLeaks`.
 *
 * @param make - must be the same for the same plant, or runs cannot be repeated. Default: the contract's `examples`, or
 * valid `fixtures` of it, in which the text that is the aggregate id becomes an id that tenants share, and other texts
 * become canaries, where the contract still accepts that
 * @throws TenantryError `INVALID_OPTIONS`, `NO_JSON_SCHEMA` where without `make` nothing can be made
 */
export function leakInput<C extends AnyEventContract>(contract: C, make?: (plant: Plant) => InputOf<C>): LeakInput {
  return { contract, make: make ?? fromSamples(contract) };
}

function fromSamples(contract: AnyEventContract): LeakInput['make'] {
  const { examples = [], eventType } = contract;
  const samples = examples.length > 0 ? examples : fixtures(contract).valid.map(({ data }) => data);
  if (samples.length === 0) {
    const message = `give a function that makes inputs of ${eventType}: no valid one is known`;
    throw invalidOptions('leakInput', [{ path: 'make', message }]);
  }
  return (plant) => plantedCopy(contract, samples[plant.record % samples.length], plant);
}
