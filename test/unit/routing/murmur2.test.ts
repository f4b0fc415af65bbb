import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionFor } from '../../../src/routing/murmur2.js';
import { ALL_PARTITIONS } from '../../../src/routing/partition-set.js';

interface Vectors {
  readonly partitionCounts: readonly number[];
  readonly vectors: readonly {
    readonly key: string;
    readonly murmur2: number;
    readonly partitions: readonly number[];
  }[];
}

// Written by the Java client's own code: scripts/murmur2.
const { partitionCounts, vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/murmur2.json', import.meta.url), 'utf8'),
) as Vectors;

describe('murmur2', () => {
  it('is the hash of the Java client', () => {
    expect(vectors.length).toBeGreaterThan(200);
    const lengths = new Set(vectors.map(({ key }) => Buffer.from(key, 'base64').length % 4));
    expect(lengths).toEqual(new Set([0, 1, 2, 3]));
    for (const vector of vectors) expect(murmur2(Buffer.from(vector.key, 'base64')), vector.key).toBe(vector.murmur2);
  });

  it('chooses the partition of the Java client', () => {
    for (const vector of vectors) {
      const key = Buffer.from(vector.key, 'base64');
      expect(
        partitionCounts.map((count) => partitionFor(key, count)),
        vector.key,
      ).toEqual(vector.partitions);
      expect(
        partitionCounts.map((count) => ALL_PARTITIONS.partitionOf(key, count)),
        vector.key,
      ).toEqual(vector.partitions);
    }
  });

  it('reads a view from its own beginning', () => {
    const backing = Buffer.from('xxacme:42yy');
    expect(murmur2(backing.subarray(2, 9))).toBe(murmur2(Buffer.from('acme:42')));
  });
});
