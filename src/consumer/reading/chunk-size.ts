import type { ReceivedRecord } from '../../record/wire-record.js';
import { MAX_HEADERS } from '../handling/tenant-guard.js';

const FIRST = 8;
const LARGEST = 128;
/** Chunks of ordinary records before the size is doubled. */
const CALM_CHUNKS = 8;
/** Converting one header in the native client takes about 4 µs: 2,500 of them block the event loop for 10 ms. */
const MAX_HEADERS_A_CHUNK = 2_500;
/** For so many chunks none is larger than the first, once a record had more headers than an event can have. */
const WARY_CHUNKS = 1_000;

/**
 * How many records to read at once. The native client converts all headers of a chunk in one go on the
 * event loop, and what a chunk holds is known when it is too late. So a chunk has only so many records that it would
 * not block for long if each had as many headers as the heaviest of the chunk before. Where records are forged
 * with very many headers, chunks become small at once and stay so for a while: a large one is met by surprise once.
 */
export class ChunkSize {
  #size = FIRST;
  #calm = 0;
  #wary = 0;

  get records(): number {
    return this.#size;
  }

  adapt(chunk: readonly ReceivedRecord[]): void {
    if (chunk.length === 0) return;
    let most = 1;
    for (const { headers } of chunk) most = Math.max(most, headers.length);
    this.#wary = most > MAX_HEADERS ? WARY_CHUNKS : Math.max(0, this.#wary - 1);
    const largest = this.#wary > 0 ? FIRST : LARGEST;
    const fitting = Math.max(1, Math.min(largest, Math.floor(MAX_HEADERS_A_CHUNK / most)));
    this.#calm = fitting > this.#size ? this.#calm + 1 : 0;
    if (fitting < this.#size) this.#size = fitting;
    if (this.#calm < CALM_CHUNKS) return;
    this.#size = Math.min(fitting, this.#size * 2);
    this.#calm = 0;
  }
}
