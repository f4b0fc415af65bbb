import { expect, it } from 'vitest';
import { SameLogCheck, type LogVerdict } from '../../../../src/consumer/ledger/same-log-check.js';

const NEWEST = { offset: 7, leaderEpoch: 3, timestampMs: 1_000 };

/** What the records of a log say, and its end, where it was read to 10 and 7 was the newest record. */
function verdictsOf(
  ...found: (readonly [offset: number, leaderEpoch: number, timestampMs: number] | number)[]
): LogVerdict[] {
  const check = new SameLogCheck(NEWEST, 10, 0);
  return found.map((one) => {
    if (typeof one === 'number') return check.seeEnd(one);
    const [offset, leaderEpoch, timestampMs] = one;
    return check.see({ offset, leaderEpoch, timestampMs });
  });
}

it('a log is the same where its newest record is, and nothing stands behind that was not there', () => {
  expect(verdictsOf([6, 3, 0], [7, 3, 1_000], [10, 9, 0])).toEqual(['open', 'open', 'same']);
  expect(verdictsOf([7, 3, 1_000], 9, 10)).toEqual(['open', 'open', 'same']);
});

it('a log is rewritten where another record stands in the place of the newest, or behind it where there was none', () => {
  expect(verdictsOf([7, 4, 1_000])).toEqual(['rewritten']);
  expect(verdictsOf([7, 3, 1_001])).toEqual(['rewritten']);
  expect(verdictsOf([7, 3, 1_000], [9, 4, 0])).toEqual(['open', 'rewritten']);
});

it('where compaction has taken the newest record, only one of the same leader says that the log is the same', () => {
  expect(verdictsOf([12, 3, 0])).toEqual(['same']);
  expect(verdictsOf([12, 4, 0])).toEqual(['rewritten']);
  expect(verdictsOf(12)).toEqual(['rewritten']);
});

it('where retention has taken the newest record, the log is the same unless something stands below where it was read to', () => {
  const verdictOf = (offset: number): LogVerdict => {
    const check = new SameLogCheck(NEWEST, 10, 8);
    expect(check.startOffset).toBe(8);
    return check.see({ offset, leaderEpoch: 9, timestampMs: 0 });
  };
  expect(verdictOf(9)).toBe('rewritten');
  expect(verdictOf(10)).toBe('same');
  expect(new SameLogCheck(NEWEST, 10, 8).seeEnd(10)).toBe('same');
});

it('does not take records without a leader epoch for those of one leader', () => {
  const check = new SameLogCheck({ ...NEWEST, leaderEpoch: undefined }, 8, 0);
  expect(check.see({ offset: 8, leaderEpoch: undefined, timestampMs: 0 })).toBe('rewritten');
});
