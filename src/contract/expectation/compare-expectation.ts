import type { BundledContract, ContractBundle } from '../bundle/bundle.js';
import { protectionInWords } from '../bundle/protections.js';
import { worstVerdict } from '../compatibility/compare-bundles.js';
import { compareSchemas } from '../compatibility/compare-schemas.js';
import type { Finding } from '../compatibility/finding.js';
import type { ConsumerExpectation, ExpectedContract } from './expectation.js';

/** What became of one contract that a consumer expects, or should. */
export interface ExpectationVerdict {
  readonly eventType: string;
  /**
   * `retired`: no longer there, and another version that the consumer reads is. `elsewhere`: promised by another producer
   * when the expectation was recorded, and of a type that this bundle does not have.
   */
  readonly verdict: 'met' | 'retired' | 'elsewhere' | 'undecided' | 'unmet';
  readonly findings: readonly Finding[];
}

/**
 * Whether a bundle of contracts promises what a consumer expects: whatever may be written is read, and no version is
 * written that the consumer does not know. What the consumer does not handle at all is left out.
 */
export function compareExpectation(
  { contracts: expected }: ConsumerExpectation,
  { name, contracts: promised }: Pick<ContractBundle, 'name' | 'contracts'>,
): readonly ExpectationVerdict[] {
  const judged = expected.map((contract) => verdictOf(contract, expected, promised, name));
  // Of a bundle that has nothing of it, the wrong one was given.
  const isOfOthers = judged.every(({ verdict }) => verdict === 'elsewhere');
  const known = isOfOthers ? judged.map(({ eventType }) => notPromised(eventType)) : judged;
  const unknown = promised
    .filter(({ type }) => expected.some((contract) => contract.type === type))
    .map(({ eventType }) => eventType)
    .filter((eventType) => !expected.some((contract) => contract.eventType === eventType));
  return [
    ...known,
    ...[...new Set(unknown)].map((eventType): ExpectationVerdict => ({
      eventType,
      verdict: 'unmet',
      findings: [certain('(version)', 'may be written, and the consumer knows no handler or upcast for this version')],
    })),
  ].sort((a, b) => (a.eventType < b.eventType ? -1 : 1));
}

function verdictOf(
  contract: ExpectedContract,
  expected: readonly ExpectedContract[],
  promised: readonly BundledContract[],
  producer: string,
): ExpectationVerdict {
  const { eventType, type, reads, producers = [producer] } = contract;
  // Bundles of several producers, or releases, may each have it.
  const promises = promised.filter((one) => one.eventType === eventType);
  if (promises.length === 0) {
    const isOtherThere = promised.some(
      (one) => one.type === type && expected.some((other) => other.eventType === one.eventType),
    );
    if (isOtherThere) return { eventType, verdict: 'retired', findings: [] };
    const isOfAnother = !producers.includes(producer) && !promised.some((one) => one.type === type);
    if (isOfAnother) return { eventType, verdict: 'elsewhere', findings: [] };
    return notPromised(eventType);
  }
  const found = promises.flatMap((promise) => [
    ...settings(promise, contract),
    ...compareSchemas(promise.output, reads),
  ]);
  const findings = [...new Map(found.map((one) => [`${one.place} ${one.reason}`, one])).values()];
  const worst = worstVerdict(findings);
  return { eventType, verdict: worst === 'incompatible' ? 'unmet' : worst === 'undecided' ? worst : 'met', findings };
}

function notPromised(eventType: string): ExpectationVerdict {
  return { eventType, verdict: 'unmet', findings: [certain('(contract)', 'is expected, and nobody promises it')] };
}

function settings(promise: BundledContract, contract: ExpectedContract): readonly Finding[] {
  const compared = [
    ['(topic)', promise.topic, contract.topic],
    ['(compacted)', String(promise.compacted), String(contract.compacted)],
    ['(protection)', protectionInWords(promise), protectionInWords(contract)],
  ] as const;
  return compared.flatMap(([place, is, wanted]) =>
    is === wanted ? [] : [certain(place, `is ${is}, and ${wanted} is expected`)],
  );
}

function certain(place: string, reason: string): Finding {
  return { verdict: 'certain', place, reason };
}
