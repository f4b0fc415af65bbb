import type { BundledContract, ContractBundle } from '../bundle/bundle.js';
import { protectionInWords } from '../bundle/protections.js';
import { compareSchemas } from './compare-schemas.js';
import type { Finding } from './finding.js';
import { canonical } from './located-schema.js';
import type { SchemaObject } from '../json-schema/subschemas.js';

/**
 * What must go on working.
 *
 * - `backward`: consumers of the new contracts read what was written under the old ones
 * - `forward`: consumers of the old contracts read what is written under the new ones
 * - `full`: both
 *
 * With `-transitive`, against all older releases; without it, against the last one.
 */
export const COMPATIBILITY_MODES = [
  'backward',
  'backward-transitive',
  'forward',
  'forward-transitive',
  'full',
  'full-transitive',
] as const;

export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number];

/** What is wrong with a contract, or what a person has to look at. */
export interface ContractFinding extends Finding {
  /** The release that the new one was compared with. */
  readonly against: string;
  /** Whose consumers may not read whose events; undefined where the contracts disagree about more than data. */
  readonly direction?: 'backward' | 'forward';
}

/** What became of one contract. */
export interface ContractVerdict {
  readonly eventType: string;
  readonly verdict: 'added' | 'same' | 'compatible' | 'undecided' | 'incompatible';
  readonly findings: readonly ContractFinding[];
}

/**
 * Compares a new release of contracts with older ones, contract by contract. Versions of a type stand beside each
 * other and need not be compatible: consumers tell them apart, and upcasts lead from one to the next.
 *
 * @param older - the oldest first; at least one
 */
export function compareBundles(
  older: readonly ContractBundle[],
  newer: ContractBundle,
  mode: CompatibilityMode,
): readonly ContractVerdict[] {
  const releases = mode.endsWith('-transitive') ? older : older.slice(-1);
  const contractOf = ({ contracts }: ContractBundle, eventType: string): BundledContract | undefined =>
    contracts.find((contract) => contract.eventType === eventType);
  const eventTypes = new Set([newer, ...releases].flatMap(({ contracts }) => contracts.map((it) => it.eventType)));
  return [...eventTypes].sort().map((eventType): ContractVerdict => {
    const after = contractOf(newer, eventType);
    const pairs = releases.flatMap((release) => {
      const before = contractOf(release, eventType);
      return before === undefined ? [] : [{ before, against: `${release.name} ${release.version}` }];
    });
    if (pairs.length === 0) return { eventType, verdict: 'added', findings: [] };
    const findings = pairs.flatMap(({ before, against }) =>
      (after === undefined ? removed(mode) : changed(before, after, mode)).map((found) => ({ ...found, against })),
    );
    const isSame = after !== undefined && pairs.every(({ before }) => isUnchanged(before, after));
    return { eventType, verdict: isSame && findings.length === 0 ? 'same' : worstVerdict(findings), findings };
  });
}

const DEFINITIONS = ['$defs', 'definitions'] as const;

type Unplaced = Omit<ContractFinding, 'against'>;

/** Old events are still in the topic, and in no consumer any more. That nothing new is written hurts no old consumer. */
function removed(mode: CompatibilityMode): readonly Unplaced[] {
  if (mode.startsWith('forward')) return [];
  const reason = 'is no longer there, and its events may still be read: keep it, or let a newer version upcast from it';
  return [{ verdict: 'certain', place: '(contract)', reason, direction: 'backward' }];
}

function changed(before: BundledContract, after: BundledContract, mode: CompatibilityMode): readonly Unplaced[] {
  const found = settings(before, after);
  // What a contract writes it reads, whatever can be told of its schemas.
  if (isUnchanged(before, after)) return found;
  if (!mode.startsWith('forward'))
    found.push(
      ...compareSchemas(before.output, after.input).map((one) => ({ ...one, direction: 'backward' as const })),
    );
  if (!mode.startsWith('backward'))
    found.push(...compareSchemas(after.output, before.input).map((one) => ({ ...one, direction: 'forward' as const })));
  return found;
}

/** What producers and consumers must agree on whatever the mode. */
function settings(before: BundledContract, after: BundledContract): Unplaced[] {
  const found: Unplaced[] = [];
  const check = (isKept: boolean, place: string, reason: string): void => {
    if (!isKept) found.push({ verdict: 'certain', place: `(${place})`, reason });
  };
  check(before.topic === after.topic, 'topic', `was ${before.topic} and is ${after.topic}: that needs a new contract`);
  check(before.compacted === after.compacted, 'compacted', 'is another one, and may not change while the topic lives');
  const [was, is] = [protectionInWords(before), protectionInWords(after)];
  check(was === is, 'protection', `was ${was} and is ${is}: that needs a new version`);
  return found;
}

function isUnchanged(before: BundledContract, after: BundledContract): boolean {
  return isAlike(before.input, after.input) && isAlike(before.output, after.output);
}

/** With what references lead to. */
function isAlike(before: SchemaObject, after: SchemaObject): boolean {
  const text = (schema: SchemaObject): string =>
    JSON.stringify([canonical(schema), ...DEFINITIONS.map((keyword) => canonical({ properties: schema[keyword] }))]);
  return text(before) === text(after);
}

/** What is said of a contract with these findings. */
export function worstVerdict(findings: readonly Finding[]): 'incompatible' | 'undecided' | 'compatible' {
  if (findings.some(({ verdict }) => verdict === 'certain')) return 'incompatible';
  return findings.length > 0 ? 'undecided' : 'compatible';
}
