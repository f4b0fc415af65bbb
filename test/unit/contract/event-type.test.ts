import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEventType } from '../../../src/contract/event-type.js';

describe('parseEventType', () => {
  it('reads type and version apart at the last .v', () => {
    expect(parseEventType('orders.placed.v1')).toEqual({ type: 'orders.placed', version: 1 });
    expect(parseEventType('orders.v1.v2')).toEqual({ type: 'orders.v1', version: 2 });
    expect(parseEventType(`a.v${Number.MAX_SAFE_INTEGER}`)).toEqual({ type: 'a', version: Number.MAX_SAFE_INTEGER });
  });

  it.each([
    '',
    'orders.placed',
    'orders.placed.v0',
    'orders.placed.v01',
    'orders.placed.v-1',
    'orders.placed.v1 ',
    'orders.placed.v1\n',
    'orders.placed.V1',
    'Orders.placed.v1',
    '.v1',
    'orders..placed.v1',
    'a.v9007199254740992',
    'a.v99999999999999999',
    `${'a'.repeat(300)}.v1`,
  ])('refuses %j', (text) => {
    expect(parseEventType(text)).toBeUndefined();
  });

  it('has one reading for each type and version', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/);
    const type = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('.'));
    fc.assert(
      fc.property(type, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (name, version) => {
        expect(parseEventType(`${name}.v${version}`)).toEqual({ type: name, version });
      }),
    );
  });

  it('answers quickly whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', 'v', '1', '-'), maxLength: 218 }), (text) => {
        const parsed = parseEventType(text);
        expect(parsed === undefined || `${parsed.type}.v${parsed.version}` === text).toBe(true);
      }),
    );
  });
});
