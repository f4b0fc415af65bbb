import type { AnyEventContract } from '../../../contract/event-contract.js';
import { validateData } from '../../../contract/validate.js';
import type { Plant } from './plant.js';

type Holder = Record<string, unknown>;

/**
 * A copy of an example in which texts are replaced, one after the other and each only where the contract accepts it: the
 * one that is the aggregate id by something that other tenants have too, all else by a canary.
 */
export function plantedCopy(contract: AnyEventContract, example: unknown, { canary, same }: Plant): unknown {
  const planted: unknown = structuredClone(example);
  let aggregateId = aggregateIdOf(contract, planted);
  for (const { holder, name } of textsIn(planted)) {
    const original = holder[name];
    const isFit = (value: string, id: string): boolean => {
      holder[name] = value;
      return aggregateIdOf(contract, planted) === id;
    };
    const shared = original === aggregateId ? [same.id, same.uuid].find((value) => isFit(value, value)) : undefined;
    if (shared !== undefined) {
      aggregateId = shared;
      continue;
    }
    // What is a part of the aggregate id would make it one that no other tenant has.
    const texts = [canary.text, canary.email, canary.uuid];
    if (aggregateId === undefined || !texts.some((value) => isFit(value, String(aggregateId)))) holder[name] = original;
  }
  return planted;
}

interface Place {
  readonly holder: Holder;
  readonly name: string;
}

function textsIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.entries(holder).flatMap(([name, each]) =>
    typeof each === 'string' ? [{ holder, name }] : textsIn(each),
  );
}

/** undefined where the contract does not accept the input. */
function aggregateIdOf(contract: AnyEventContract, input: unknown): string | undefined {
  try {
    return contract.aggregateId(validateData(contract, input));
  } catch {
    return undefined;
  }
}
