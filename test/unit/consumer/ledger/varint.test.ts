import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pushUint32, pushVarint, VarintReader } from '../../../../src/consumer/ledger/varint.js';

const written = (...values: number[]): Uint8Array => {
  const bytes: number[] = [];
  for (const value of values) pushVarint(bytes, value);
  return Uint8Array.from(bytes);
};

describe('a varint', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [300, [0xac, 0x02]],
    [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
    [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('of %i is LEB128', (value, bytes) => {
    expect([...written(value)]).toEqual(bytes);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat()), (values) => {
        const reader = new VarintReader(written(...values), 0);
        expect(values.map(() => reader.next())).toEqual(values);
        expect([reader.atEnd, reader.failed]).toEqual([true, false]);
      }),
    );
  });

  it('fails for good where bytes are missing, and never reads beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(12), (bytes, skipped) => {
        const reader = new VarintReader(bytes, 0);
        reader.part(skipped);
        expect(reader.failed).toBe(skipped > bytes.length);
        for (let reads = 0; reads < 14; reads += 1) {
          const failed = reader.failed;
          const value = reader.next();
          expect(Number.isSafeInteger(value)).toBe(true);
          if (failed) expect([value, reader.failed]).toEqual([0, true]);
        }
        expect(reader.failed).toBe(true);
      }),
    );
  });

  it('larger than a safe integer fails', () => {
    const reader = new VarintReader(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), 0);
    expect([reader.next(), reader.failed]).toEqual([0, true]);
  });

  it('stands beside plain 32-bit numbers, and has parts', () => {
    const bytes = [...written(300)];
    pushUint32(bytes, 0xfedcba98);
    bytes.push(...written(2, 5, 6, 7));
    const reader = new VarintReader(Uint8Array.from(bytes), 0);
    expect([reader.next(), reader.uint32()]).toEqual([300, 0xfedcba98]);
    const part = reader.part(reader.next());
    expect([part.next(), part.next(), part.atEnd, reader.next(), reader.atEnd]).toEqual([5, 6, true, 7, true]);
    expect([reader.uint32(), reader.failed]).toEqual([0, true]);
    expect(part.failed).toBe(false);
  });
});
