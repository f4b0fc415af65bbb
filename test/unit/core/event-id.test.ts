import fc from 'fast-check';
import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { isTenantryError } from '../../../src/core/errors.js';
import { isEventId, newEventId, parseEventId } from '../../../src/core/event-id.js';

describe('newEventId', () => {
  it('is a UUID version 7 of the given time, whatever the time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (nowMs) => {
        const id = newEventId(nowMs);
        expect(validate(id)).toBe(true);
        expect(version(id)).toBe(7);
        expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
        expect(isEventId(id)).toBe(true);
      }),
    );
  });

  it('sorts by time as text', () => {
    const times = [0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 1_767_225_600_000, 2 ** 48 - 1];
    const ids = times.map(newEventId);
    expect([...ids].sort()).toEqual(ids);
  });

  it('does not repeat within a millisecond, across fills of its pool of random bytes', () => {
    const ids = new Set(Array.from({ length: 20_000 }, () => newEventId(1_767_225_600_000)));
    expect(ids.size).toBe(20_000);
  });

  it('fills all 74 random bits', () => {
    const ones = new Array<number>(128).fill(0);
    for (let count = 0; count < 2_000; count += 1) {
      const bits = BigInt(`0x${newEventId(0).replaceAll('-', '')}`)
        .toString(2)
        .padStart(128, '0');
      ones.forEach((count, index) => (ones[index] = count + Number(bits[index])));
    }
    const varying = ones.filter((count) => count > 0 && count < 2_000).length;
    expect(varying).toBe(74);
  });
});

describe('parseEventId', () => {
  it.each(['x', '!', '~', 'order/42:paid', 'a'.repeat(128), newEventId(0)])('takes %s', (id) => {
    expect(parseEventId(id)).toBe(id);
  });

  it.each(['', ' ', 'a b', 'a\n', 'a\0', 'é', '\x7f', '\x20', 'a'.repeat(129), 1, undefined, null, ['a']])(
    'refuses %j',
    (value) => {
      expect(isEventId(value)).toBe(false);
      let caught: unknown;
      try {
        parseEventId(value);
      } catch (error) {
        caught = error;
      }
      expect(isTenantryError(caught, 'INVALID_EVENT_ID')).toBe(true);
    },
  );
});
