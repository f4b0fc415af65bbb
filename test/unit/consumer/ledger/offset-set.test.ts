import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetSet } from '../../../../src/consumer/ledger/offset-set.js';

describe('OffsetSet', () => {
  it('is empty at first', () => {
    const set = new OffsetSet();
    expect([set.size, set.lowest(), set.sorted(), set.has(0), set.delete(0)]).toEqual([0, undefined, [], false, false]);
  });

  it('does as a sorted list would', () => {
    const action = fc.record({ add: fc.boolean(), offset: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const set = new OffsetSet();
        const model = new Set<number>();
        for (const { add, offset } of actions) {
          if (add) {
            set.add(offset);
            model.add(offset);
          } else {
            expect(set.delete(offset)).toBe(model.delete(offset));
          }
          const sorted = [...model].sort((a, b) => a - b);
          expect(set.lowest()).toBe(sorted[0]);
          expect(set.size).toBe(sorted.length);
          expect(set.sorted()).toEqual(sorted);
          expect(set.has(offset)).toBe(model.has(offset));
        }
      }),
    );
  });

  it('orders offsets beyond 32 bits as numbers', () => {
    const set = new OffsetSet();
    for (const offset of [2 ** 40, 9, 2 ** 33, 10]) set.add(offset);
    expect(set.sorted()).toEqual([9, 10, 2 ** 33, 2 ** 40]);
  });
});
