import { describe, expect, it } from 'vitest';
import { ChunkSize } from '../../../src/consumer/chunk-size.js';
import { header, receivedRecord } from '../../support/records.js';

const ordinary = Array.from({ length: 100 }, () => receivedRecord());
const heavy = [receivedRecord({ headers: Array.from({ length: 5_000 }, () => header('x', 'y')) })];

describe('threat 19: the chunk', () => {
  it('is large for ordinary records', () => {
    const chunk = new ChunkSize();
    expect(chunk.records).toBe(100);
    chunk.adapt(ordinary);
    expect(chunk.records).toBe(100);
  });

  it('is one record while records have very many headers, and grows again after them', () => {
    const chunk = new ChunkSize();
    chunk.adapt([...ordinary, ...heavy]);
    expect(chunk.records).toBe(1);
    chunk.adapt(heavy);
    chunk.adapt([]);
    expect(chunk.records).toBe(1);
    const sizes = Array.from({ length: 8 }, () => {
      chunk.adapt(ordinary.slice(0, chunk.records));
      return chunk.records;
    });
    expect(sizes).toEqual([2, 4, 8, 16, 32, 64, 100, 100]);
  });
});
