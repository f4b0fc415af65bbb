import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalPounds } from '../../../examples/retail/money.js';

describe('decimalPounds', () => {
  it.each([
    [0n, '0.00'],
    [5n, '0.005'],
    [-50n, '-0.05'],
    [1_500n, '1.50'],
    [-1_234_567n, '-1234.567'],
  ])('writes %s thousandths as %s', (thousandths, text) => {
    expect(decimalPounds(thousandths)).toBe(text);
  });

  it('keeps every digit', () => {
    fc.assert(
      fc.property(fc.bigInt(), (thousandths) => {
        const [whole = '', decimals = ''] = decimalPounds(thousandths).split('.');
        expect(BigInt(whole.replace('-', '') + decimals.padEnd(3, '0'))).toBe(
          thousandths < 0n ? -thousandths : thousandths,
        );
      }),
    );
  });
});
