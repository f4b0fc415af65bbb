import { VIOLATIONS, type Delivery } from './delivery.js';
import type { Owner } from '../ledger/record-owner.js';

/** What the budget asks of a record. */
type Held = Pick<Delivery, 'owner' | 'payer' | 'heldBytes'>;

interface Share {
  records: number;
  bytes: number;
}

/** A poll of fewer records costs nearly as much. */
const LEAST_CHUNK = 16;
const NONE: Share = Object.freeze({ records: 0, bytes: 0 });

/**
 * How many records, and how many bytes of them, may be held in memory at once, overall and by one owner.
 *
 * The bound of an owner is whatever is free (dynamic thresholds, Choudhury and Hahne, 1998): one alone may hold half of
 * everything, n of them an (n + 1)th each, so those who flood never fill the memory that a quiet one needs.
 */
export class IntakeBudget {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  /** Only of owners that hold something. */
  readonly #shares = new Map<Owner, Share>();
  #records = 0;
  #bytes = 0;
  #violations = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  /** Nothing more may be read. A chunk already read may exceed the bounds by its own size. */
  get full(): boolean {
    return this.#records >= this.#maxRecords || this.#bytes >= this.#maxBytes;
  }

  /** Reading that had stopped may go on: half is free again, so that it does not stop and go for each record. */
  get relaxed(): boolean {
    return this.#records * 2 <= this.#maxRecords && this.#bytes * 2 <= this.#maxBytes;
  }

  /** How many records to read at once, at most: little by little where there is little room, but not one by one. */
  get roomForRecords(): number {
    const least = Math.max(1, Math.min(LEAST_CHUNK, this.#maxRecords >> 3));
    return Math.max(least, this.#maxRecords - this.#records);
  }

  /** Whether records that contradict their boundary hold all that they may together. */
  get isFullOfViolations(): boolean {
    return this.#violations >= Math.max(1, this.#maxRecords >> 2);
  }

  /** Whether one more record of an owner may be held. Who holds nothing always may. */
  hasRoom(owner: Owner): boolean {
    const share = this.#shares.get(owner);
    return share === undefined || this.#isWithin(share, 1);
  }

  holdsNothing(owner: Owner): boolean {
    return !this.#shares.has(owner);
  }

  /** Whether an owner that had no room has enough again to be worth reading for. */
  isRelaxed(owner: Owner): boolean {
    return this.#isWithin(this.#shares.get(owner) ?? NONE, 2);
  }

  take({ owner, payer, heldBytes: bytes }: Held): void {
    if (payer === VIOLATIONS) this.#violations += 1;
    const share = this.#shares.get(owner);
    if (share === undefined) {
      this.#shares.set(owner, { records: 1, bytes });
    } else {
      share.records += 1;
      share.bytes += bytes;
    }
    this.#records += 1;
    this.#bytes += bytes;
  }

  giveBack({ owner, payer, heldBytes: bytes }: Held): void {
    const share = this.#shares.get(owner);
    if (share === undefined) return;
    if (payer === VIOLATIONS) this.#violations -= 1;
    if (share.records === 1) {
      this.#shares.delete(owner);
    } else {
      share.records -= 1;
      share.bytes -= bytes;
    }
    this.#records -= 1;
    this.#bytes -= bytes;
  }

  #isWithin({ records, bytes }: Share, times: number): boolean {
    return (
      records * times < Math.max(1, this.#maxRecords - this.#records) &&
      bytes * times < Math.max(1, this.#maxBytes - this.#bytes)
    );
  }
}
