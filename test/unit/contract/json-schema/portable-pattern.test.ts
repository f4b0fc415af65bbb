import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portablePattern } from '../../../../src/contract/json-schema/portable-pattern.js';

describe('a pattern without its flags', () => {
  it.each([
    [/^[a-z]+$/, '^[a-z]+$'],
    [/^\p{L}+$/gu, String.raw`^\p{L}+$`],
    [/^ab?$/i, '^[aA][bB]?$'],
    [/^(?<kind>x|[^a-f_-])[\w.-]{2}\/$/i, String.raw`^(?<kind>[xX]|[^a-fA-F_\-])[\w.\-]{2}\/$`],
    [/[A-z]/i, '[A-zA-Za-z]'],
    [/a./s, String.raw`a[\s\S]`],
    [/a|b/y, '^(?:a|b)'],
    [/a/m, 'a'],
    [new RegExp(String.raw`^\d+$`, 'v'), String.raw`^\d+$`],
  ])('%s', (pattern, written) => {
    expect(portablePattern(pattern)).toBe(written);
  });

  it.each([
    [/^a/m],
    [/a$/m],
    [/é/i],
    [/\u0061/i],
    [/(a)\1/i],
    [/\p{Lu}/iu],
    [new RegExp(String.raw`^\p{L}$`)],
    [/sku/iu],
    [/[a-z]/iu],
    [/\w/iu],
    [/[\x41-\x5A]/i],
    [new RegExp('[[a-z]--[aeiou]]', 'v')],
  ])('is not made of %s', (pattern) => {
    expect(portablePattern(pattern)).toBeUndefined();
  });

  it('takes the same texts', () => {
    const part = fc.constantFrom(
      ...[
        'a',
        'K',
        'z',
        '7',
        '-',
        '.',
        '|',
        '[a-c]',
        '[^a-c]',
        '[-aZ]',
        '[X-c]',
        '[^\\d_]',
        '[\\]a^]',
        '\\w',
        '\\W',
        '\\.',
      ],
      ...['(?:a|b)', '(?=k)', 'b?', 'c*', '\\s', '[ -~]', 'é'],
    );
    const flags = fc.constantFrom('', 'i', 's', 'is', 'y', 'iy', 'iu', 'm', 'im', 'u');
    const text = fc.string({
      unit: fc.constantFrom(...'aAkKzZ7-.|xXbBcC_^] \n\u212A\u017FéÉ'.match(/[^]/gu)!),
      maxLength: 6,
    });
    let made = 0;
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        flags,
        fc.array(text, { minLength: 8 }),
        (parts, mode, texts) => {
          const pattern = new RegExp(parts.join(''), mode);
          const written = portablePattern(pattern);
          if (written === undefined) return;
          made += 1;
          for (const each of texts) {
            pattern.lastIndex = 0;
            expect(new RegExp(written, mode.includes('u') ? 'u' : '').test(each)).toBe(pattern.test(each));
          }
        },
      ),
      { numRuns: 3_000 },
    );
    expect(made).toBeGreaterThan(1_000);
  });
});
