import { systemClock } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import { packageVersion } from '../../core/package-version.js';
import type { CanaryMark } from './plant/canary.js';
import { ClaimReader } from './judge/claims.js';
import { LeakLedger } from './judge/leak-ledger.js';
import { checkLeakOptions, type TenantLeakOptions } from './leak-options.js';
import { formatLeakReport, type TenantLeakReport } from './leak-report.js';
import { MarkSearch } from './search/mark-search.js';
import { runSeed } from './run-seed.js';
import { RunTotals } from './run-totals.js';

let isRunning = false;

/**
 * Runs a service's handlers on events of many tenants at once, whose data hold values that nobody else has, and looks for
 * those values in all that comes out: in what is published, logged, traced, sent over HTTP, returned and thrown. Which
 * handler goes on when is decided by seeds. Needs no broker and no native client.
 *
 * While it runs it watches the console, the streams of the process, `fetch`, `node:http`, timers and the tracer of the
 * whole process; one search may run at a time.
 *
 * @returns what was run and found; give it to `assertNoTenantLeaks`
 * @throws TenantryError `INVALID_OPTIONS`; `INVALID_STATE` while another search runs, `VALIDATION_FAILED` for an input that
 * does not fit its contract; and what `register` throws
 */
export async function findTenantLeaks(options: TenantLeakOptions): Promise<TenantLeakReport> {
  const resolved = checkLeakOptions(options);
  if (isRunning) throw tenantryError('INVALID_STATE', 'findTenantLeaks is running already: await one before the next');
  isRunning = true;
  const startedMs = systemClock.monotonicMs();
  const startedAt = new Date(systemClock.nowMs()).toISOString();
  // Of all seeds, because modules keep what they keep: what one run left behind may come out in a later one.
  const search = new MarkSearch<CanaryMark>();
  const ledger = new LeakLedger(search, new ClaimReader(resolved.tenants, resolved.tenantFields), resolved);
  const totals = new RunTotals(resolved);
  try {
    for (const seed of resolved.seeds) {
      const run = await runSeed(seed, resolved, search);
      ledger.add(seed, run);
      totals.add(seed, run);
    }
  } finally {
    isRunning = false;
  }
  const { leaks, allowed, ownCanaries } = ledger;
  const reasons = leaks.length > 0 ? [] : totals.reasons();
  const { recordsPerTenant, faultRate, redeliveryRate, maxTimerMs, tenantFields, sinks, tenants, seeds } = resolved;
  return {
    format: 'tenantry.leak-report',
    formatVersion: 1,
    library: { name: 'tenantry', version: packageVersion() },
    node: process.version,
    startedAt,
    durationMs: Math.round(systemClock.monotonicMs() - startedMs),
    result: leaks.length > 0 ? 'leaks' : reasons.length > 0 ? 'inconclusive' : 'passed',
    reasons,
    leaks,
    allowed,
    tenants,
    seeds,
    contracts: totals.contracts(),
    channels: totals.channels(ownCanaries),
    runs: totals.runs(),
    options: { recordsPerTenant, faultRate, redeliveryRate, maxTimerMs, tenantFields, sinks: Object.keys(sinks) },
  };
}

/**
 * Fails a test unless the search was run in full and found nothing.
 *
 * @throws Error whose message is the report as text
 */
export function assertNoTenantLeaks(report: TenantLeakReport): void {
  if (report.result !== 'passed') throw new Error(formatLeakReport(report));
}
