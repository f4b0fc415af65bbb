import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TakenOffsets } from '../../../../src/consumer/ledger/taken-offsets.js';

it('holds an offset until it is let go as often as it was taken', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5))), (steps) => {
      const taken = new TakenOffsets();
      const times = new Map<number, number>();
      for (const [isTaken, offset] of steps) {
        if (isTaken) taken.take(offset);
        else taken.letGo(offset);
        times.set(offset, Math.max(0, (times.get(offset) ?? 0) + (isTaken ? 1 : -1)));
        const held = [...times].filter(([, count]) => count > 0).map(([one]) => one);
        expect(taken.sorted()).toEqual(held.sort((a, b) => a - b));
        expect([taken.size, taken.lowest()]).toEqual([held.length, held[0]]);
      }
    }),
  );
});
