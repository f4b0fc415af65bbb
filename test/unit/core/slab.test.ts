import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slab } from '../../../src/core/slab.js';

const SIZES = { slabBytes: 8_192, largestBytes: 2_048 };

describe('Slab', () => {
  it('keeps every text as it was written, whatever is written after it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 900 }), { maxLength: 60 }), (texts) => {
        const slab = new Slab(SIZES);
        const written = texts.map((text) => slab.takeText(text));
        expect(written.map((bytes) => bytes.toString('utf8'))).toEqual(texts);
      }),
    );
  });

  it('keeps what was not given back, whatever else is, and in whatever order', () => {
    const step = fc.record({ text: fc.string({ maxLength: 900 }), giveBack: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const slab = new Slab(SIZES);
        const held: { readonly text: string; readonly bytes: Buffer }[] = [];
        for (const { text, giveBack } of steps) {
          held.push({ text, bytes: slab.takeText(text) });
          const [gone] = giveBack % 2 === 0 ? held.splice(giveBack % held.length, 1) : [];
          if (gone !== undefined) slab.giveBack(gone.bytes);
          expect(held.map(({ bytes }) => bytes.toString('utf8'))).toEqual(held.map((one) => one.text));
        }
      }),
    );
  });

  it('takes the same memory again where what was taken last is given back first', () => {
    const slab = new Slab(SIZES);
    const [first, second] = [slab.take(100), slab.takeText('second')];
    slab.giveBack(second);
    slab.giveBack(first);
    const again = slab.take(100);
    expect(again.buffer).toBe(first.buffer);
    expect(again.byteOffset).toBe(first.byteOffset);
  });

  it('takes memory a slab at a time, and none for what would waste one', () => {
    const slab = new Slab(SIZES);
    const first = slab.takeText('first');
    expect(slab.take(6).buffer).toBe(first.buffer);
    expect(first.buffer.byteLength).toBe(8_192);
    expect(slab.takeText('x'.repeat(5_000)).buffer.byteLength).toBe(5_000);
    expect(slab.take(2_049).buffer.byteLength).toBe(2_049);
  });

  it('shares no slab with another one, nor with the pool of Buffer', () => {
    const { buffer } = new Slab(SIZES).takeText('text');
    expect(buffer).not.toBe(new Slab(SIZES).takeText('text').buffer);
    expect(buffer).not.toBe(Buffer.from('text').buffer);
  });
});
