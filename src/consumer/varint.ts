// LEB128 for non-negative safe integers: seven bits a byte, the lowest first.

/** Appends `value` to `bytes`. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** Reads integers from bytes that may lie; `failed` tells whether any read went wrong. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #failed = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** 0 after a failure. */
  next(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || this.#failed) return this.#fail();
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value)) return this.#fail();
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  skip(count: number): void {
    if (count > this.#bytes.length - this.#at) this.#fail();
    else this.#at += count;
  }

  #fail(): 0 {
    this.#failed = true;
    return 0;
  }
}
