import { describe, expect, it } from 'vitest';
import { ChunkSize } from '../../../../src/consumer/reading/chunk-size.js';
import { MAX_HEADERS } from '../../../../src/consumer/handling/tenant-guard.js';
import type { ReceivedRecord } from '../../../../src/record/wire-record.js';
import { header, receivedRecord } from '../../../support/records.js';

const withHeaders = (count: number): ReceivedRecord =>
  receivedRecord({ headers: Array.from({ length: count }, () => header('x', 'y')) });

const ordinary = receivedRecord();
const forged = withHeaders(5_000);

function read(chunk: ChunkSize, chunks: number, record = ordinary): number {
  for (let count = 0; count < chunks; count += 1) chunk.adapt(Array.from({ length: chunk.records }, () => record));
  return chunk.records;
}

describe('threat 19: the chunk', () => {
  it('begins small, and grows for ordinary records', () => {
    const chunk = new ChunkSize();
    expect(chunk.records).toBe(8);
    expect(read(chunk, 7)).toBe(8);
    expect(read(chunk, 1)).toBe(16);
    expect(read(chunk, 24)).toBe(128);
    expect(read(chunk, 100)).toBe(128);
  });

  it('is one record at once where a record has thousands of headers, and while they come', () => {
    const chunk = new ChunkSize();
    read(chunk, 32);
    chunk.adapt([ordinary, forged, ordinary]);
    expect(chunk.records).toBe(1);
    expect(read(chunk, 20, forged)).toBe(1);
    chunk.adapt([]);
    expect(chunk.records).toBe(1);
  });

  it('stays small for long after such a record, so that the next ones block only shortly', () => {
    const chunk = new ChunkSize();
    read(chunk, 32);
    chunk.adapt([forged]);
    expect(read(chunk, 7)).toBe(1);
    expect(read(chunk, 1)).toBe(2);
    expect(read(chunk, 980)).toBe(8);
    chunk.adapt([forged]);
    expect(read(chunk, 990)).toBe(8);
    expect(read(chunk, 100)).toBe(128);
  });

  it('has fewer records where events have many headers, and is not wary of those', () => {
    const chunk = new ChunkSize();
    read(chunk, 32);
    expect(read(chunk, 1, withHeaders(50))).toBe(50);
    expect(read(chunk, 100, withHeaders(MAX_HEADERS))).toBe(25);
    expect(read(chunk, 100)).toBe(128);
  });
});
