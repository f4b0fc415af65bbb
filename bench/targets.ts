// What a benchmark should reach, and whether it did, as a person reads it.
import Table from 'cli-table3';
import { median } from './side.ts';

/** One figure and its target. */
export interface Target {
  readonly what: string;
  /** Ratios, one a round; the median counts. */
  readonly ratios: readonly number[];
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
}

export interface Outcome extends Target {
  readonly ratio: number;
  readonly met: boolean;
}

/** The targets that were measured: a run of some scenarios has no figure for the others. */
export function outcomes(targets: readonly Target[]): Outcome[] {
  return targets.flatMap((target) => {
    const ratio = median(target.ratios.filter((each) => !Number.isNaN(each)));
    if (Number.isNaN(ratio)) return [];
    return [{ ...target, ratio, met: target.bound === 'at least' ? ratio >= target.limit : ratio <= target.limit }];
  });
}

export function targetTable(rows: readonly Outcome[]): string {
  const table = new Table({ head: ['', 'ratio', 'rounds', 'target', ''], style: { head: [], border: [] } });
  for (const { what, ratio, ratios, bound, limit, met } of rows) {
    const each = ratios.map((one) => one.toFixed(2)).join(' ');
    table.push([what, times(ratio), each, `${bound} ${times(limit)}`, met ? 'met' : 'NOT MET']);
  }
  return table.toString();
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
