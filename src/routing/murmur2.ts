const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/**
 * The 32-bit hash by which Kafka's Java client spreads keys over partitions: MurmurHash2 by Austin Appleby
 * with Kafka's seed. Signed, as Java shows it.
 */
export function murmur2(key: Uint8Array): number {
  const wholeWordsEnd = key.length & ~3;
  let hash = SEED ^ key.length;
  for (let at = 0; at < wholeWordsEnd; at += 4) {
    let word = byteAt(key, at) | (byteAt(key, at + 1) << 8) | (byteAt(key, at + 2) << 16) | (byteAt(key, at + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  if (wholeWordsEnd < key.length) {
    const tail =
      byteAt(key, wholeWordsEnd) | (byteAt(key, wholeWordsEnd + 1) << 8) | (byteAt(key, wholeWordsEnd + 2) << 16);
    hash = Math.imul(hash ^ tail, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

function byteAt(key: Uint8Array, at: number): number {
  return key[at] ?? 0;
}

/** The partition that the Java client chooses for a key, so that producers of both kinds keep an aggregate together. */
export function partitionFor(key: Uint8Array, partitionCount: number): number {
  // Java drops the sign bit; its absolute value would move half of the keys elsewhere.
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}
