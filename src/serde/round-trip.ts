import type { AnyEventContract } from '../contract/event-contract.js';
import { showPath } from '../contract/schema-problems.js';
import { validatePayload } from '../contract/validate.js';
import { isTenantryError, tenantryError } from '../core/errors.js';
import type { ValueSerde } from './value-serde.js';

/**
 * Checks that consumers get what was published: the bytes decode, fit the same schema and encode to the same
 * bytes again. A schema that refuses or changes its own output would show only at a consumer otherwise.
 * Meant for the first publish of each contract. It answers at once where the serde does.
 *
 * @throws TenantryError `NOT_SERIALIZABLE`, thrown or rejected
 */
export function assertRoundTrips(contract: AnyEventContract, serde: ValueSerde, bytes: Buffer): void | Promise<void> {
  return then(serde.decode(contract, bytes), (decoded) =>
    then(serde.encode(contract, validateAgain(contract, decoded)), (bytesAgain) => {
      if (bytesAgain.equals(bytes)) {
        overwrite(contract, serde, bytesAgain);
        return;
      }
      return then(serde.decode(contract, bytesAgain), (decodedAgain) => {
        overwrite(contract, serde, bytesAgain);
        const path = firstDifference(decoded, decodedAgain, []) ?? [];
        throw changed(contract, `the schema changes its own output: ${showPath(contract.schema, path)}`);
      });
    }),
  );
}

/** Nobody seals these bytes, so nobody else would: they hold the same plaintext as those that are sealed. */
function overwrite(contract: AnyEventContract, serde: ValueSerde, bytes: Buffer): void {
  bytes.fill(0);
  serde.release?.(contract, bytes);
}

function validateAgain(contract: AnyEventContract, decoded: unknown): unknown {
  try {
    return validatePayload(contract, decoded);
  } catch (error) {
    if (!isTenantryError(error, 'PAYLOAD_INVALID')) throw error;
    const list = error.problems.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw changed(contract, `the schema refuses its own output: ${list}`);
  }
}

function changed(contract: AnyEventContract, why: string): Error {
  return tenantryError('NOT_SERIALIZABLE', `${contract.eventType}: consumers would not get what was published, ${why}`);
}

/** The path of the first place where two values of JSON differ; undefined where they do not. */
export function firstDifference(
  before: unknown,
  after: unknown,
  path: readonly PropertyKey[],
): readonly PropertyKey[] | undefined {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) {
    return before === after ? undefined : path;
  }
  const isList = Array.isArray(before) && Array.isArray(after);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const found = firstDifference(Reflect.get(before, key), Reflect.get(after, key), [
      ...path,
      isList ? Number(key) : key,
    ]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function then<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
