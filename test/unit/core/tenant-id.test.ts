import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTenantryError } from '../../../src/core/errors.js';
import { isTenantId, parseTenantId } from '../../../src/core/tenant-id.js';

const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');

describe('parseTenantId', () => {
  it.each<[string, unknown]>([
    ['a colon', 'a:b'],
    ['a dot', 'a.b'],
    ['nothing', ''],
    ['a path', '../x'],
    ['a slash', 'a/b'],
    ['a line break behind it', 'acme\n'],
    ['a line break inside', 'ac\nme'],
    ['a carriage return', 'acme\r'],
    ['a space', 'ac me'],
    ['NUL', 'acme\0'],
    ['64 characters', 'a'.repeat(64)],
    ['a million characters', 'a'.repeat(1_000_000)],
    ['an umlaut in NFC', 'm\u00fcller'],
    ['an umlaut in NFD', 'mu\u0308ller'],
    ['full-width letters', '\uff41\uff43\uff4d\uff45'],
    ['full-width digits', '\uff11'],
    ['the Kelvin sign', '\u212a'],
    ['the long s', 'acme\u017f'],
    ['a Cyrillic a', '\u0430cme'],
    ['a zero-width space', 'ac\u200bme'],
    ['a zero-width joiner', 'acme\u200d'],
    ['a byte order mark', '\ufeffacme'],
    ['a right-to-left mark', 'acme\u200f'],
    ['a lone high surrogate', 'acme\ud800'],
    ['a lone low surrogate', '\udc00'],
    ['an underscore in front', '_shared'],
    ['a hyphen in front', '-acme'],
    ['a number', 42],
    ['undefined', undefined],
    ['null', null],
    ['a String object', new String('acme')],
    ['an array', ['acme']],
    ['an object that turns into a tenant id', { toString: () => 'acme' }],
  ])('threat 22: refuses %s and does not repeat it', (_, value) => {
    expect(isTenantId(value)).toBe(false);
    let caught: unknown;
    try {
      parseTenantId(value);
    } catch (error) {
      caught = error;
    }
    if (!isTenantryError(caught, 'INVALID_TENANT_ID')) throw caught;
    expect(caught.message.length).toBeLessThan(200);
    if (typeof value === 'string' && value.length > 5) expect(caught.message).not.toContain(value);
  });

  it.each([
    'constructor',
    'hasOwnProperty',
    'toString',
    'valueOf',
    'a',
    '7',
    'A_b-C',
    'a'.repeat(63),
    'null',
    'orders',
  ])('threat 23: takes %s as it is', (id) => {
    expect(parseTenantId(id)).toBe(id);
  });

  it('threat 23: refuses __proto__, which begins with an underscore', () => {
    expect(isTenantId('__proto__')).toBe(false);
  });

  it('never normalises: what it takes it returns unchanged, in plain ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
        if (!isTenantId(text)) return;
        expect(parseTenantId(text)).toBe(text);
        expect(text).toMatch(/^[\x2d-\x7a]{1,63}$/);
        expect(text.normalize('NFKC')).toBe(text);
      }),
    );
  });

  it('takes every id of the grammar', () => {
    const id = fc
      .tuple(fc.constantFrom(...ALPHABET), fc.string({ unit: fc.constantFrom(...ALPHABET, '_', '-'), maxLength: 62 }))
      .map(([first, rest]) => first + rest);
    fc.assert(fc.property(id, (text) => parseTenantId(text) === text));
  });
});
