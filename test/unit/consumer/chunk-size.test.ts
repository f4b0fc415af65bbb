import { describe, expect, it } from 'vitest';
import { ChunkSize } from '../../../src/consumer/chunk-size.js';
import { header, receivedRecord } from '../../support/records.js';

const ordinary = Array.from({ length: 100 }, () => receivedRecord());
const heavy = [receivedRecord({ headers: Array.from({ length: 5_000 }, () => header('x', 'y')) })];

function grow(chunk: ChunkSize, chunks: number): number {
  for (let count = 0; count < chunks; count += 1) chunk.adapt(ordinary.slice(0, chunk.records));
  return chunk.records;
}

describe('threat 19: the chunk', () => {
  it('begins small, and grows for ordinary records', () => {
    const chunk = new ChunkSize();
    expect(chunk.records).toBe(8);
    expect(grow(chunk, 24)).toBe(64);
    expect(grow(chunk, 100)).toBe(64);
  });

  it('is one record while records have very many headers, and grows only slowly after them', () => {
    const chunk = new ChunkSize();
    grow(chunk, 24);
    chunk.adapt([...ordinary, ...heavy]);
    expect(chunk.records).toBe(1);
    chunk.adapt(heavy);
    chunk.adapt([]);
    expect(chunk.records).toBe(1);
    expect(grow(chunk, 7)).toBe(1);
    expect(grow(chunk, 1)).toBe(2);
    expect(grow(chunk, 40)).toBe(64);
  });
});
