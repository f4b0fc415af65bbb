import { headerText } from '../attack/plain-record.js';
import { checkResult, REASON_HEADER, type RunOutcome } from '../check/check-result.js';
import { decimalPounds } from '../money.js';
import type { TenantTally } from '../tally.js';

/** What a run came to, for a program: `--json` prints it. */
export interface DemoResult {
  /** Events that the broker acknowledged. */
  readonly published: number;
  readonly handled: number;
  /** Forged records found in quarantine. */
  readonly quarantined: number;
  /** In pounds. */
  readonly revenue: number;
  readonly tenants: Readonly<Record<string, TenantResult>>;
  /** The quarantined by error code. */
  readonly quarantinedByCode: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly peakMemoryMb: number;
  readonly check: { readonly passed: boolean; readonly failures: readonly string[] };
}

/** What a run came to for one tenant. */
export interface TenantResult {
  readonly country: string;
  readonly published: number;
  readonly handled: number;
  /** In pounds. */
  readonly revenue: number;
  /** From publish to handler. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sums a run up and checks it. */
export function demoResult(outcome: RunOutcome, seconds: number): DemoResult {
  const tenants = [...outcome.tally.tenants].map(([id, tally]) => [id, tenantResult(tally)] as const);
  const tallies = [...outcome.tally.tenants.values()];
  const handled = sum(tallies.map((tally) => tally.handled));
  const failures = checkResult(outcome);
  return {
    published: sum(tallies.map((tally) => tally.published)),
    handled,
    quarantined: outcome.quarantined.length,
    revenue: pounds(tallies.reduce((total, tally) => total + tally.revenueThousandths, 0n)),
    tenants: Object.fromEntries(tenants),
    quarantinedByCode: countByCode(outcome),
    seconds: round(seconds),
    recordsPerSecond: Math.round(handled / seconds),
    peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1_024),
    check: { passed: failures.length === 0, failures },
  };
}

function tenantResult(tally: Readonly<TenantTally>): TenantResult {
  return {
    country: tally.country,
    published: tally.published,
    handled: tally.handled,
    revenue: pounds(tally.revenueThousandths),
    p50Ms: tally.latency.getValueAtPercentile(50) / 10,
    p99Ms: tally.latency.getValueAtPercentile(99) / 10,
  };
}

function countByCode({ quarantined }: RunOutcome): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const record of quarantined) {
    const code = headerText(record, REASON_HEADER) ?? 'unknown';
    counts[code] = (counts[code] ?? 0) + 1;
  }
  // Not as they came: which partition is read first differs from run to run.
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Three decimals of a sum that a sales file can reach are exact in the decimal text of a double. */
function pounds(thousandths: bigint): number {
  return Number(decimalPounds(thousandths));
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
