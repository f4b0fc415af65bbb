import Table from 'cli-table3';
import type { DemoResult } from './result.js';

const wholeNumbers = new Intl.NumberFormat('en-GB');
const money = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP', maximumFractionDigits: 3 });
const milliseconds = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** What a run came to, for a person. */
export function report(result: DemoResult): string {
  return [tenantTable(result), quarantineTable(result), summary(result)].join('\n\n');
}

function tenantTable({ tenants, published, handled, revenue }: DemoResult): string {
  const table = new Table({
    head: ['tenant', 'published', 'handled', 'revenue', 'p50 ms', 'p99 ms'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const largestFirst = Object.entries(tenants).sort(([, one], [, other]) => other.handled - one.handled);
  for (const [tenantId, tenant] of largestFirst) {
    table.push([
      tenantId,
      wholeNumbers.format(tenant.published),
      wholeNumbers.format(tenant.handled),
      money.format(tenant.revenue),
      milliseconds.format(tenant.p50Ms),
      milliseconds.format(tenant.p99Ms),
    ]);
  }
  table.push(['all', wholeNumbers.format(published), wholeNumbers.format(handled), money.format(revenue), '', '']);
  return table.toString();
}

function quarantineTable({ quarantinedByCode }: DemoResult): string {
  const table = new Table({
    head: ['quarantined because', 'records'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [code, count] of Object.entries(quarantinedByCode)) table.push([code, wholeNumbers.format(count)]);
  return table.toString();
}

function summary({ handled, seconds, recordsPerSecond, peakMemoryMb, quarantined, check }: DemoResult): string {
  const speed = `${wholeNumbers.format(handled)} lines in ${seconds} s: ${wholeNumbers.format(recordsPerSecond)} records/s, at most ${peakMemoryMb} MB`;
  if (!check.passed) return `${speed}\nCheck failed.`;
  return [
    speed,
    'Check passed: each line handled exactly once, in order within its invoice; revenue per tenant as in the file;',
    `${quarantined} forged records in quarantine with their original bytes, none handled.`,
  ].join('\n');
}
