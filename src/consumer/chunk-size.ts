import type { ReceivedRecord } from '../record/wire-record.js';

const SMALLEST = 1;
const FIRST = 8;
const LARGEST = 64;
/** Chunks of ordinary records before the size is doubled. */
const CALM_CHUNKS = 8;
/** Converting one header in the native client takes about 4 µs: 2,500 of them block the event loop for 10 ms. */
const MAX_HEADERS_A_CHUNK = 2_500;

/**
 * How many records to read at once. The native client converts all headers of a chunk in one go on the
 * event loop, so where records have very many headers the chunks become small, down to one record, and grow only
 * slowly again: what a chunk holds is known when it is too late.
 */
export class ChunkSize {
  #size = FIRST;
  #calm = 0;

  get records(): number {
    return this.#size;
  }

  adapt(chunk: readonly ReceivedRecord[]): void {
    let headers = 0;
    for (const record of chunk) headers += record.headers.length;
    if (headers > MAX_HEADERS_A_CHUNK) {
      this.#size = SMALLEST;
      this.#calm = 0;
    } else if (chunk.length > 0 && this.#size < LARGEST) {
      this.#calm += 1;
      if (this.#calm % CALM_CHUNKS === 0) this.#size *= 2;
    }
  }
}
