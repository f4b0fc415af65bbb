import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toRuns } from '../../../../src/consumer/ledger/offset-runs.js';

it('joins what is consecutive, and nothing else', () => {
  expect(toRuns([])).toEqual([]);
  expect(toRuns([3])).toEqual([{ start: 3, length: 1 }]);
  expect(toRuns([3, 4, 5, 7, 9, 10])).toEqual([
    { start: 3, length: 3 },
    { start: 7, length: 1 },
    { start: 9, length: 2 },
  ]);
});

it('tells the same offsets in the fewest runs', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), (offsets) => {
      const ascending = offsets.sort((a, b) => a - b);
      const runs = toRuns(ascending);
      expect(runs.flatMap(({ start, length }) => Array.from({ length }, (_, at) => start + at))).toEqual(ascending);
      runs.slice(1).forEach(({ start }, at) => {
        expect(start).toBeGreaterThan(runs[at]!.start + runs[at]!.length);
      });
    }),
  );
});
