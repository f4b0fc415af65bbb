import { unlessAborted } from './unless-aborted.js';

/**
 * How far the publisher may be ahead of the worker. The embedded broker keeps the newest 5 MB of each
 * partition and drops older records in silence, handled or not. At worst all that is unhandled lies in one
 * partition; with a fifth of the 5 MB, and records reckoned rather too large, none of it is ever dropped. More
 * would not be faster, and each record would wait longer.
 */
const MAX_UNHANDLED_BYTES = 1_000_000;

/** A sale that was given to publish and was not handled yet. */
export interface UnhandledSale {
  readonly tenantId: string;
  readonly publishedAtMs: number;
  readonly bytes: number;
}

/** The sales between publisher and handler, by row. It holds the publisher back. */
export class UnhandledSales {
  readonly #byRow = new Map<number, UnhandledSale>();
  #bytes = 0;
  #wake: (() => void) | undefined;

  get count(): number {
    return this.#byRow.size;
  }

  /** Waits until another record may be published. There is one publisher. */
  async room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#bytes >= MAX_UNHANDLED_BYTES) {
      await unlessAborted(signal, new Promise<void>((resolve) => (this.#wake = resolve)));
    }
  }

  add(row: number, sale: UnhandledSale): void {
    this.#byRow.set(row, sale);
    this.#bytes += sale.bytes;
  }

  /** @returns undefined where the row is not between publisher and handler: it was handled already, or never published */
  take(row: number): UnhandledSale | undefined {
    const sale = this.#byRow.get(row);
    if (sale === undefined) return undefined;
    this.#byRow.delete(row);
    this.#bytes -= sale.bytes;
    this.#wake?.();
    return sale;
  }
}
