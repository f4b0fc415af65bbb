import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, isWellFormed, safeForLog } from '../../../src/core/utf8.js';

describe('decodeUtf8', () => {
  it('threat 61: keeps a byte order mark as a character', () => {
    expect(decodeUtf8(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toBe('\ufeffa');
  });

  it.each([
    ['a continuation byte alone', [0x80]],
    ['a sequence cut short', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses %s, also after a good one', (_, bytes) => {
    expect(decodeUtf8(Buffer.from('ok'))).toBe('ok');
    expect(decodeUtf8(Buffer.from(bytes))).toBeUndefined();
    expect(decodeUtf8(Buffer.from('ok'))).toBe('ok');
  });

  it('repairs nothing: what it reads encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = decodeUtf8(bytes);
        if (text !== undefined) expect([...Buffer.from(text, 'utf8')]).toEqual([...bytes]);
      }),
    );
  });
});

describe('isWellFormed', () => {
  it('finds lone surrogates and takes pairs', () => {
    expect(isWellFormed('plain ü 🚀')).toBe(true);
    expect(isWellFormed('')).toBe(true);
    for (const text of ['\ud800', '\udc00', 'a\ud83d', '\ude80\ud83d', '🚀\ud800'])
      expect(isWellFormed(text)).toBe(false);
  });

  it('agrees with what UTF-8 can carry', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\ud83d', '\ude80', 'ü') }), (text) => {
        expect(isWellFormed(text)).toBe(Buffer.from(text, 'utf8').toString('utf8') === text);
      }),
    );
  });
});

describe('safeForLog', () => {
  it('shows what looks like an identifier, and hex of anything else', () => {
    expect(safeForLog(Buffer.from('acme_1-x'))).toBe('acme_1-x');
    expect(safeForLog(Buffer.from('a b'))).toBe('0x612062');
    expect(safeForLog(Buffer.from('acme\n'))).toBe('0x61636d650a');
    expect(safeForLog(Buffer.alloc(0))).toBe('0x');
    expect(safeForLog(Buffer.from('a'.repeat(65)))).toBe(`0x${'61'.repeat(16)}…`);
  });

  it('threat 37: never shows more than 64 characters, none of them able to break a log line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(safeForLog(bytes)).toMatch(/^(?:[A-Za-z0-9_-]{1,64}|0x(?:[0-9a-f]{2}){0,16}…?)$/);
      }),
    );
  });
});
