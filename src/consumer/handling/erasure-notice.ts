import type { ErasedRecord } from '../../api/erased-record.js';
import { answerInTime } from '../../core/answer-in-time.js';
import type { Clock } from '../../core/clock.js';

/** What notices stand on. */
export interface ErasureNoticeParts {
  readonly clock: Clock;
  readonly onErased: (record: ErasedRecord) => unknown;
}

/** Well below the time that a revocation waits. */
const SETTLES_WITHIN_MS = 3_000;

/** Tells the application of records that are passed over because their tenant is erased. */
export class ErasureNotice {
  readonly #parts: ErasureNoticeParts;
  #isFailing = false;

  constructor(parts: ErasureNoticeParts) {
    this.#parts = parts;
  }

  /** Whether the application has failed when it was last told. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Rejects where the application throws, rejects or does not settle in time. */
  async tell(record: ErasedRecord): Promise<void> {
    const { clock, onErased } = this.#parts;
    try {
      await answerInTime(clock, SETTLES_WITHIN_MS, () => onErased(record));
      this.#isFailing = false;
    } catch (error) {
      this.#isFailing = true;
      throw error;
    }
  }
}
