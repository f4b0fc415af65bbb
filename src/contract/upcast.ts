import { describeForeignError, tenantryError } from '../core/errors.js';
import type { AnyEventContract } from './event-contract.js';
import { validateUpcast } from './validate.js';

/** The older versions whose events a contract's handler can get through upcasts, newest first. */
export function olderVersions(contract: AnyEventContract): readonly AnyEventContract[] {
  const older: AnyEventContract[] = [];
  for (let next = contract.upcast?.from; next !== undefined; next = next.upcast?.from) older.push(next);
  return older;
}

/**
 * Upcasts validated data version by version, and validates what each upcast returns.
 *
 * @param versions - the contracts that the data is to become, one after the other; each upcasts from the one before
 * @returns the output of the last one's schema
 * @throws TenantryError `UPCAST_FAILED`, `ASYNC_SCHEMA`
 */
export function upcastData(versions: readonly AnyEventContract[], data: unknown): unknown {
  return versions.reduce((older, contract) => validateUpcast(contract, upcastOnce(contract, older)), data);
}

function upcastOnce(contract: AnyEventContract, data: unknown): unknown {
  let newer: unknown;
  try {
    newer = contract.upcast?.with(data);
  } catch (error) {
    throw failed(contract, `threw ${describeForeignError(error)}`);
  }
  if (!(newer instanceof Promise)) return newer;
  // Nobody waits for it, and its rejection must not end the process.
  newer.catch(() => undefined);
  throw failed(contract, 'answered with a promise');
}

function failed(contract: AnyEventContract, message: string): Error {
  const from = contract.upcast?.from.eventType ?? '';
  return tenantryError('UPCAST_FAILED', `${contract.eventType}: its upcast from ${from} ${message}`, {
    problems: [{ path: '(root)', message }],
  });
}
