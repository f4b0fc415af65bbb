import type { AnyEventContract } from '../../contract/event-contract.js';
import { tenantryError } from '../../core/errors.js';

/** The error for a contract that no registry can keep a schema of; it holds no word of what threw. */
export function invalidContract({ eventType }: AnyEventContract, why: string): Error {
  return tenantryError('INVALID_CONTRACT', `event contract ${eventType}: ${why}`);
}
