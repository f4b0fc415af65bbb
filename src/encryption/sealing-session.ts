import type { KeyObject } from 'node:crypto';
import { tenantryError } from '../core/errors.js';
import type { DataKey } from './data-key.js';
import { createHead, stampHead } from './envelope-layout.js';

/** Records under one record key, at most: keeps the odds of AES-GCM far from their limits (NIST SP 800-38D). */
export const MAX_RECORDS_PER_SALT = 2 ** 31;

/** One record key with its salt and its counter. The counter only ever goes up, so no nonce repeats. */
export class SealingSession {
  readonly key: KeyObject;
  readonly #head: Buffer;
  readonly #maxRecords: number;
  #seq = 0;

  constructor(dataKey: DataKey, salt: Buffer, maxRecords: number = MAX_RECORDS_PER_SALT) {
    this.key = dataKey.recordKey(salt);
    this.#head = createHead(dataKey.dekId, salt, dataKey.wrapped);
    this.#maxRecords = maxRecords;
  }

  get isSpent(): boolean {
    return this.#seq >= this.#maxRecords;
  }

  /**
   * The head of the next record, with a sequence number of its own.
   *
   * @returns bytes that hold until the next call
   * @throws TenantryError `INVALID_STATE` where the counter would wrap
   */
  nextHead(flags: number, timeMs: number): Buffer {
    if (this.isSpent) throw tenantryError('INVALID_STATE', 'the counter of this salt is used up: a new salt is needed');
    this.#seq += 1;
    stampHead(this.#head, flags, this.#seq, timeMs);
    return this.#head;
  }
}
