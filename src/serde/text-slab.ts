/** As Buffer's own pool has it: a publish that waits holds on to no more than this. */
const SLAB_BYTES = 8_192;
/** What would waste a good part of a slab gets memory of its own. */
const LARGEST_BYTES = 2_048;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Memory for many short texts. Memory of its own for each costs three times as much, and again when it is freed.
 * It is not Buffer's pool, which holds the application's Buffers too: no Buffer of an application reaches it.
 */
export class TextSlab {
  #slab = Buffer.alloc(0);
  #used = 0;

  /** The text in UTF-8. The Buffer must not leave the library: what is next to it may be another tenant's. */
  bytesOf(text: string): Buffer {
    const mostBytes = text.length * MAX_BYTES_PER_UNIT;
    if (mostBytes > LARGEST_BYTES) return inOwnMemory(text);
    if (mostBytes > this.#slab.length - this.#used) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.#slab.write(text, start, 'utf8');
    return this.#slab.subarray(start, this.#used);
  }
}

/** The text in UTF-8, in memory that it shares with nothing. */
function inOwnMemory(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, 'utf8'));
  bytes.write(text, 'utf8');
  return bytes;
}
