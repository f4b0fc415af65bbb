import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/transport/slots.js';

describe('Slots', () => {
  it('gives each value back once, under the number it was put at', () => {
    const slots = new Slots<{ readonly name: string }>();
    const first = slots.put({ name: 'first' });
    const second = slots.put({ name: 'second' });
    expect(slots.take(first)).toEqual({ name: 'first' });
    expect(slots.take(first)).toBeUndefined();
    expect(slots.size).toBe(1);
    expect(slots.take(second)).toEqual({ name: 'second' });
    expect(slots.take(7)).toBeUndefined();
    expect(slots.size).toBe(0);
  });

  it('needs no more numbers than there are values at once', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (puts) => {
        const slots = new Slots<object>();
        const held = new Map<number, object>();
        let most = 0;
        for (const put of puts) {
          if (put) {
            const value = {};
            held.set(slots.put(value), value);
          } else {
            const [slot, value] = [...held].at(-1) ?? [0, undefined];
            expect(slots.take(slot)).toBe(value);
            held.delete(slot);
          }
          most = Math.max(most, held.size);
          expect(slots.size).toBe(held.size);
          for (const slot of held.keys()) expect(slot).toBeLessThan(most);
        }
        expect(new Set(slots.takeAll())).toEqual(new Set(held.values()));
        expect(slots.size).toBe(0);
      }),
    );
  });
});
