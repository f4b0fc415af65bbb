// LEB128 for non-negative safe integers: seven bits a byte, the lowest first. Beside it, plain 32-bit numbers.

/** Appends `value` to `bytes`. */
export function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** Appends a 32-bit number, the highest byte first. */
export function pushUint32(bytes: number[], value: number): void {
  bytes.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
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

  /** A 32-bit number, the highest byte first; 0 after a failure. */
  uint32(): number {
    if (this.#failed || this.#bytes.length - this.#at < 4) return this.#fail();
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 4);
    this.#at += 4;
    return view.getUint32(0);
  }

  /** All that is left, as text. */
  rest(): string {
    const text = Buffer.from(this.#bytes.subarray(this.#at)).toString('latin1');
    this.#at = this.#bytes.length;
    return text;
  }

  /** A reader of the next `count` bytes, which this one passes over. */
  part(count: number): VarintReader {
    const isThere = !this.#failed && count <= this.#bytes.length - this.#at;
    if (!isThere) {
      this.#fail();
      return new VarintReader(new Uint8Array(0), 0);
    }
    this.#at += count;
    return new VarintReader(this.#bytes.subarray(this.#at - count, this.#at), 0);
  }

  #fail(): 0 {
    this.#failed = true;
    return 0;
  }
}
