import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../../src/consumer/handling/retry-policy.js';

const policy = { attempts: 5, backoffMs: 200, maxBackoffMs: 30_000 };

it('doubles the pause with each failed try, up to the longest', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000].map((failed) => backoffMs(policy, failed, 1));
  expect(pauses).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

it('is between half and all of that', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (failed, random) => {
        const most = backoffMs(policy, failed, 1);
        expect(backoffMs(policy, failed, random)).toBeGreaterThanOrEqual(most / 2);
        expect(backoffMs(policy, failed, random)).toBeLessThanOrEqual(most);
      },
    ),
  );
});
