const SLAB_BYTES = 16_384;
/** What would waste a good part of a slab gets memory of its own. */
const LARGEST_BYTES = 4_096;

/**
 * Memory for many envelopes, in which nothing is secret. Memory of its own for each would make sealing a quarter
 * slower; and from Buffer's pool they would crowd out the small Buffers that it is there for.
 */
export class EnvelopeSlab {
  #slab = Buffer.alloc(0);
  #used = 0;

  /** @returns memory that is not cleared */
  take(bytes: number): Buffer {
    if (bytes > LARGEST_BYTES) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#slab.length - this.#used) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#slab.subarray(this.#used - bytes, this.#used);
  }
}
