import type { AnyEventContract } from '../../contract/event-contract.js';
import { invalidContract } from './invalid-contract.js';

/**
 * Under which subject a contract's schema is: Confluent's strategies, or a function of the contract.
 *
 * - `topic-record`: `orders-orders.placed.v1`
 * - `topic`: `orders-value`; for topics with one event type
 * - `record`: `orders.placed.v1`
 *
 * The record is the event type with its version in JSON, in Avro and Protobuf the full name in the schema.
 */
export type SubjectStrategy = 'topic' | 'record' | 'topic-record' | ((contract: AnyEventContract) => string);

export const NAMED_STRATEGIES = ['topic-record', 'record', 'topic'] as const satisfies readonly SubjectStrategy[];

const SUBJECT = /^[^\p{C}]{1,255}$/u;

/** @throws TenantryError `INVALID_CONTRACT` where a function gives something else than a subject */
export function subjectOf(strategy: SubjectStrategy, contract: AnyEventContract, recordName: string): string {
  switch (strategy) {
    case 'topic':
      return `${contract.topic}-value`;
    case 'record':
      return recordName;
    case 'topic-record':
      return `${contract.topic}-${recordName}`;
    default:
      return checked(contract, strategy);
  }
}

function checked(contract: AnyEventContract, strategy: (contract: AnyEventContract) => string): string {
  let subject: unknown;
  try {
    subject = strategy(contract);
  } catch {
    throw invalidContract(contract, 'the function that gives its subject threw');
  }
  if (typeof subject === 'string' && SUBJECT.test(subject)) return subject;
  throw invalidContract(contract, 'the function gives no subject: 1 to 255 characters without control characters');
}
