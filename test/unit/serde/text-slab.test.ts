import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextSlab } from '../../../src/serde/text-slab.js';

describe('TextSlab', () => {
  it('keeps every text as it was written, whatever is written after it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 900 }), { maxLength: 60 }), (texts) => {
        const slab = new TextSlab();
        const written = texts.map((text) => slab.bytesOf(text));
        expect(written.map((bytes) => bytes.toString('utf8'))).toEqual(texts);
      }),
    );
  });

  it('takes memory a slab at a time, and none for a text that would waste one', () => {
    const slab = new TextSlab();
    const first = slab.bytesOf('first');
    expect(slab.bytesOf('second').buffer).toBe(first.buffer);
    expect(first.buffer.byteLength).toBe(8_192);
    expect(slab.bytesOf('x'.repeat(5_000)).buffer.byteLength).toBe(5_000);
  });

  it('shares no slab with another one, nor with the pool of Buffer', () => {
    const { buffer } = new TextSlab().bytesOf('text');
    expect(buffer).not.toBe(new TextSlab().bytesOf('text').buffer);
    expect(buffer).not.toBe(Buffer.from('text').buffer);
  });
});
