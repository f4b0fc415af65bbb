/** Consecutive offsets: `start`, and how many. */
export interface OffsetRun {
  readonly start: number;
  readonly length: number;
}

/** Joins ascending offsets into runs. */
export function toRuns(ascending: readonly number[]): OffsetRun[] {
  const runs: { start: number; length: number }[] = [];
  let last: { start: number; length: number } | undefined;
  for (const offset of ascending) {
    if (last !== undefined && offset === last.start + last.length) last.length += 1;
    else {
      last = { start: offset, length: 1 };
      runs.push(last);
    }
  }
  return runs;
}
