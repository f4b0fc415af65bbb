import { NOBODY } from '../../consumer/ledger/record-owner.js';
import { tenantryError } from '../../core/errors.js';
import { deadLetterTopic } from '../../routing/naming.js';
import type { FoundLetter } from './read-letters.js';

/** How many dead letters a tenant has in one topic for one reason. */
export interface LetterCount {
  readonly group: string;
  /** The topic whose events failed. */
  readonly topic: string;
  readonly tenant: string;
  /** An error code. */
  readonly code: string;
  records: number;
  /** Of them, those that a redrive was for; null where nobody knows. */
  redriven: number | null;
  /** When the last of them failed, in milliseconds since the Unix epoch; of what does not say, when it was written. */
  lastMs: number;
}

/** Anybody who may write to such a topic can make up tenants and codes. */
const MAX_COUNTS = 100_000;
/** Of what is no dead letter. */
const NO_CODE = '(no dead letter)';

/** Adds up dead letters, in bounded memory. */
export class LetterCounts {
  readonly #counts = new Map<string, LetterCount>();
  readonly #maxCounts: number;

  constructor(maxCounts = MAX_COUNTS) {
    this.#maxCounts = maxCounts;
  }

  /** @throws TenantryError `INVALID_STATE` where there are too many to keep */
  add({ topic: { groupId, logicalTopic }, owner, copy, letter, wasRedriven }: FoundLetter): void {
    const code = letter === undefined ? NO_CODE : letter.code;
    const name = JSON.stringify([groupId, logicalTopic, owner, code]);
    let count = this.#counts.get(name);
    if (count === undefined) {
      if (this.#counts.size >= this.#maxCounts) throw tooMany(this.#maxCounts);
      const tenant = owner === NOBODY ? '(no tenant)' : owner;
      count = { group: groupId, topic: logicalTopic, tenant, code, records: 0, redriven: 0, lastMs: 0 };
      this.#counts.set(name, count);
    }
    count.records += 1;
    if (wasRedriven === null) count.redriven = null;
    else if (wasRedriven && count.redriven !== null) count.redriven += 1;
    count.lastMs = Math.max(count.lastMs, letter?.failedAtMs ?? copy.timestampMs);
  }

  /** By group, topic and tenant, but for topics of which not all was read. */
  all(without: ReadonlySet<string> = new Set()): readonly Readonly<LetterCount>[] {
    const order = ({ group, topic, tenant, code }: LetterCount): string => [group, topic, tenant, code].join('\0');
    const counts = [...this.#counts.values()].filter(({ group, topic }) => !without.has(deadLetterTopic(group, topic)));
    return counts.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }
}

function tooMany(count: number): Error {
  return tenantryError(
    'INVALID_STATE',
    `more than ${count} tenants and codes, more than can be kept: ask for fewer with --group, --topic or --tenant`,
  );
}
