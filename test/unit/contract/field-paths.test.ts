import { describe, expect, it } from 'vitest';
import { fieldPathsOf, parseFieldPaths } from '../../../src/contract/field-paths.js';

describe('the fields that a protection names', () => {
  it('are read as RFC 6901 has it', () => {
    expect(parseFieldPaths(['/card/number', '/a~1b/m~0n', '/', '/~01', '/card/x y', '/é'])).toEqual([
      { pointer: '/card/number', names: ['card', 'number'] },
      { pointer: '/a~1b/m~0n', names: ['a/b', 'm~n'] },
      { pointer: '/', names: [''] },
      { pointer: '/~01', names: ['~1'] },
      { pointer: '/card/x y', names: ['card', 'x y'] },
      { pointer: '/é', names: ['é'] },
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['text', '/card'],
    ['an empty list', []],
    ['the entire value', ['']],
    ['no slash', ['card']],
    ['a URI fragment', ['#/card']],
    ['a dotted path', ['card.number']],
    ['a lone tilde', ['/a~b']],
    ['a tilde at the end', ['/a~']],
    ['an unknown escape', ['/a~2']],
    ['a lone surrogate', ['/\ud800']],
    ['a number', [1]],
    ['a hole', [undefined]],
    ['the first item of a list', ['/lines/0/price']],
    ['a later item', ['/lines/17']],
    ['the item behind the last', ['/lines/-']],
    ['__proto__', ['/__proto__/polluted']],
    ['__proto__ at the end', ['/a/__proto__']],
    ['constructor', ['/constructor/name']],
    ['prototype', ['/a/prototype']],
    ['a field twice', ['/a', '/a']],
    ['a field and what is in it', ['/a', '/a/b']],
    ['a field and what holds it', ['/x', '/a/b/c', '/a/b']],
    ['a field twice, written in two ways that only look different', ['/a~1b', '/a~1b']],
  ])('are refused: %s', (_, fields) => {
    expect(parseFieldPaths(fields)).toMatch(/field/);
  });

  it('may begin alike, where neither leads through the other', () => {
    expect(parseFieldPaths(['/a', '/ab', '/b/a', '/b/ab', '/0a', '/__proto'])).toHaveLength(6);
  });

  it('are read once', () => {
    const protection = { fields: ['/a'] };
    expect(fieldPathsOf(protection)).toBe(fieldPathsOf(protection));
    expect(() => fieldPathsOf({ fields: ['a'] })).toThrow(expect.objectContaining({ code: 'INVALID_CONTRACT' }));
  });
});
