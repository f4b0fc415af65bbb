/** The size of a slab, and of what is too large for one. */
export interface SlabSizes {
  readonly slabBytes: number;
  /** What would waste a good part of a slab gets memory of its own. */
  readonly largestBytes: number;
}

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Memory for many short byte strings, each of which is needed for a moment. Memory of its own for each takes several
 * times as long, and again when it is freed; and it is not Buffer's pool, whose memory the application's Buffers share.
 *
 * What was taken last can be given back and is taken again next. So as long as each is done with before the next is
 * needed, it is the same few bytes all the time.
 */
export class Slab {
  readonly #sizes: SlabSizes;
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor(sizes: SlabSizes) {
    this.#sizes = sizes;
  }

  /** @returns memory that is not cleared */
  take(bytes: number): Buffer {
    if (bytes > this.#sizes.largestBytes) return Buffer.allocUnsafeSlow(bytes);
    this.#makeRoom(bytes);
    this.#used += bytes;
    return this.#slab.subarray(this.#used - bytes, this.#used);
  }

  /** A text in UTF-8. */
  takeText(text: string): Buffer {
    const mostBytes = text.length * MAX_BYTES_PER_UNIT;
    if (mostBytes > this.#sizes.largestBytes) return inOwnMemory(text);
    this.#makeRoom(mostBytes);
    const start = this.#used;
    this.#used += this.#slab.write(text, start, 'utf8');
    return this.#slab.subarray(start, this.#used);
  }

  /**
   * Takes memory back that nobody reads any more. Where it is not what was taken last, it stays as it is until nobody
   * holds anything of its slab.
   */
  giveBack(bytes: Buffer): void {
    const start = bytes.byteOffset - this.#slab.byteOffset;
    if (bytes.buffer === this.#slab.buffer && start + bytes.length === this.#used) this.#used = start;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#slab.length - this.#used) return;
    this.#slab = Buffer.allocUnsafeSlow(this.#sizes.slabBytes);
    this.#used = 0;
  }
}

function inOwnMemory(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, 'utf8'));
  bytes.write(text, 'utf8');
  return bytes;
}
