// The results as a person reads them.
import Table from 'cli-table3';
import type { Share } from './breakdown.ts';
import type { Compared } from './compare.ts';
import type { ImportTime } from './import-time.ts';

const PLAIN = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};
const LEAST_MICROS = 0.15;
const MEMORY_TARGET = 0.5;
const IMPORT_TARGET_MS = 150;

/** @param withTargets - not for a short run, most of which a process takes to warm up */
export function comparisonTable(rows: readonly Compared[], withMemory: boolean, withTargets: boolean): string {
  const memory = withMemory ? ['peak RSS', 'ratio', 'longest block'] : [];
  const table = new Table({
    head: ['', 'messages/s', 'ratio', ...(withTargets ? ['target'] : []), 'main thread', 'whole process', ...memory],
    ...PLAIN,
  });
  for (const row of rows) {
    const peak = `${row.peakRssMib.toFixed(0)} MiB`;
    table.push([
      row.name,
      row.perSecond.toFixed(0),
      times(row.ratio),
      ...(withTargets ? [row.target === undefined ? '' : atLeast(row.ratio, row.target)] : []),
      micros(row.mainThreadMicros),
      micros(row.processMicros),
      ...(withMemory ? [peak, times(row.memoryRatio), `${row.longestBlockMs.toFixed(0)} ms`] : []),
    ]);
  }
  return table.toString();
}

export function memoryLine(row: Compared): string {
  const met = row.memoryRatio <= MEMORY_TARGET ? 'met' : 'NOT MET';
  return `${row.name}: ${times(row.memoryRatio)} the memory of the plain client (target at most ${times(MEMORY_TARGET)}, ${met})`;
}

export function importLine({ importMs, processMs, bareProcessMs }: ImportTime): string {
  const met = importMs < IMPORT_TARGET_MS ? 'met' : 'NOT MET';
  return (
    `${importMs.toFixed(0)} ms (target under ${IMPORT_TARGET_MS} ms, ${met}); ` +
    `a process that imports it ${processMs.toFixed(0)} ms, one that does nothing ${bareProcessMs.toFixed(0)} ms`
  );
}

export function breakdownTable(shares: readonly Share[]): string {
  const total = shares.reduce((sum, share) => sum + share.micros, 0);
  const shown = shares.filter(({ micros: each }) => each >= LEAST_MICROS);
  const rest = total - shown.reduce((sum, share) => sum + share.micros, 0);
  const table = new Table({ head: ['part', 'a record', 'share'], ...PLAIN });
  for (const { part, micros: each } of [...shown, { part: 'everything else', micros: rest }]) {
    table.push([part, micros(each), `${((100 * each) / total).toFixed(0)} %`]);
  }
  table.push(['sum', micros(total), '']);
  return table.toString();
}

function atLeast(ratio: number, target: number): string {
  return `≥ ${times(target)}, ${ratio >= target ? 'met' : 'NOT MET'}`;
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

function micros(value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(1)} µs`;
}
