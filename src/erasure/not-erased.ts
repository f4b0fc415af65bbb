import type { AnyEventContract } from '../contract/event-contract.js';
import type { ErasureStatement } from './statement.js';

type Contract = ErasureStatement['contracts'][number];
type Left = ErasureStatement['notErased'][number];

/** How contracts are protected, as a certificate tells it. */
export function protectionOf({ eventType, topic, protection }: AnyEventContract): Contract {
  if (typeof protection === 'string') return { eventType, topic, protection };
  return { eventType, topic, protection: 'fields', fields: [...protection.fields] };
}

/** What the destruction of a tenant's keys leaves readable. */
export function notErased(contracts: readonly Contract[]): Left[] {
  const named = (...protections: Contract['protection'][]): string[] =>
    contracts.filter(({ protection }) => protections.includes(protection)).map(({ eventType }) => eventType);
  const [unprotected, partlySealed] = [named('none', 'authentic'), named('fields')];
  return [
    { what: 'record-keys' },
    { what: 'headers' },
    ...(unprotected.length > 0 ? [{ what: 'unprotected-contracts' as const, names: unprotected }] : []),
    ...(partlySealed.length > 0 ? [{ what: 'partly-sealed-contracts' as const, names: partlySealed }] : []),
    { what: 'contracts-not-given' },
    { what: 'unsealed-copies' },
    { what: 'plaintext-elsewhere' },
    { what: 'key-copies' },
  ];
}
