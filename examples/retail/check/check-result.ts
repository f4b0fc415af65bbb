import type { HostileRecord } from '../attack/attacker.js';
import { headerText, type PlainRecord } from '../attack/plain-record.js';
import { decimalPounds } from '../money.js';
import type { Tally } from '../tally.js';
import type { Expectation } from './expectation.js';

/** What is checked at the end of a run. */
export interface RunOutcome {
  readonly expectation: Expectation;
  readonly tally: Pick<Tally, 'faults' | 'tenants'>;
  /** Sales that were published and never handled. */
  readonly unhandled: number;
  readonly hostile: readonly HostileRecord[];
  /** All that the quarantine topic holds. */
  readonly quarantined: readonly PlainRecord[];
}

/** The header of a quarantined record that says why it is there. */
export const REASON_HEADER = 'dlq-code';

/** Compares what happened with what had to happen. */
export function checkResult(outcome: RunOutcome): string[] {
  return [...wrongHandling(outcome), ...wrongTenants(outcome), ...wrongQuarantine(outcome)];
}

function* wrongHandling({ tally, unhandled }: RunOutcome): Generator<string> {
  if (unhandled > 0) yield `${unhandled} lines were published and not handled`;
  const { count, first } = tally.faults;
  yield* first;
  if (count > first.length) yield `and ${count - first.length} faults more`;
}

function* wrongTenants({ expectation, tally }: RunOutcome): Generator<string> {
  for (const [tenantId, { lines, revenueThousandths }] of expectation.tenants) {
    const counted = tally.tenants.get(tenantId);
    const published = counted?.published ?? 0;
    const handled = counted?.handled ?? 0;
    const revenue = counted?.revenueThousandths ?? 0n;
    if (published !== lines) yield `${tenantId}: the file has ${lines} lines, ${published} were published`;
    if (handled !== lines) yield `${tenantId}: the file has ${lines} lines, ${handled} were handled`;
    if (revenue !== revenueThousandths) {
      yield `${tenantId}: the file's revenue is ${decimalPounds(revenueThousandths)}, the worker's ${decimalPounds(revenue)}`;
    }
  }
}

function* wrongQuarantine({ hostile, quarantined }: RunOutcome): Generator<string> {
  const unexplained = new Set(quarantined);
  for (const { forgery, record } of hostile) {
    const copies = quarantined.filter((copy) => isCopyOf(record, copy));
    for (const copy of copies) unexplained.delete(copy);
    const reasons = copies.map((copy) => headerText(copy, REASON_HEADER) ?? 'no reason');
    if (reasons.length === 1 && reasons[0] === forgery.expectedCode) continue;
    const found = reasons.length === 0 ? 'not in quarantine' : `in quarantine as ${reasons.join(', ')}`;
    yield `forgery not caught as ${forgery.expectedCode} (${forgery.name}): ${found}`;
  }
  if (unexplained.size > 0) yield `${unexplained.size} records are in quarantine that nobody forged`;
}

/** Whether a quarantined record has the original's bytes: key, value and every header, before those that say why. */
function isCopyOf(original: PlainRecord, copy: PlainRecord): boolean {
  const headers = copy.headers.filter(({ name }) => !name.startsWith('dlq-'));
  return (
    equalBytes(original.key, copy.key) &&
    equalBytes(original.value, copy.value) &&
    headers.length === original.headers.length &&
    headers.every((header, index) => {
      const expected = original.headers[index];
      return expected?.name === header.name && expected.value.equals(header.value);
    })
  );
}

function equalBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
