import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LruMap } from '../../../src/core/lru-map.js';

describe('LruMap', () => {
  it('forgets what was not used for the longest time', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect(map.get('b')).toBeUndefined();
    expect(map.get('a')).toBe(1);
    expect(map.oldest()).toEqual(['c', 3]);
  });

  it('behaves as a list in the order of use does', () => {
    const step = fc.record({ op: fc.constantFrom('get', 'set', 'delete'), key: fc.nat(8), value: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const map = new LruMap<number, number>(4);
        let list: [number, number][] = [];
        for (const { op, key, value } of steps) {
          const found = list.find(([held]) => held === key);
          const others = list.filter(([held]) => held !== key);
          if (op === 'set') {
            map.set(key, value);
            list = [...others, [key, value] as [number, number]].slice(-4);
          } else if (op === 'delete') {
            map.delete(key);
            list = others;
          } else {
            expect(map.get(key)).toBe(found?.[1]);
            if (found !== undefined) list = [...others, found];
          }
          expect(map.size).toBe(list.length);
          expect(map.oldest()).toEqual(list[0]);
          expect([...map]).toEqual(list);
        }
      }),
    );
  });
});
