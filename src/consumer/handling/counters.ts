import type { ConsumerCounts } from '../../api/consumer.js';
import type { ErrorCode } from '../../core/error-codes.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { Payer } from './delivery.js';

/** Counts what became of records, here and in the metrics: nothing disappears without being counted. */
export class Counters {
  readonly #telemetry: Telemetry;
  #handled = 0;
  #failedAttempts = 0;
  #deadLettered = 0;
  #erased = 0;
  #foreign = 0;
  #skipped = 0;
  #duplicates = 0;
  #unmarked = 0;
  readonly #quarantined = new Map<ErrorCode, number>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  handled(payer: Payer): void {
    this.#handled += 1;
    this.#telemetry.countHandled(payer);
  }

  failedAttempt(payer: Payer): void {
    this.#failedAttempts += 1;
    this.#telemetry.countFailedAttempt(payer);
  }

  deadLettered(payer: Payer): void {
    this.#deadLettered += 1;
    this.#telemetry.countDeadLettered(payer);
  }

  quarantined(payer: Payer, code: ErrorCode): void {
    this.#quarantined.set(code, (this.#quarantined.get(code) ?? 0) + 1);
    this.#telemetry.countQuarantined(payer, code);
  }

  erased(payer: Payer): void {
    this.#erased += 1;
    this.#telemetry.countErased(payer);
  }

  foreign(): void {
    this.#foreign += 1;
    this.#telemetry.countForeign();
  }

  skipped(payer: Payer): void {
    this.#skipped += 1;
    this.#telemetry.countSkipped(payer);
  }

  duplicate(payer: Payer): void {
    this.#duplicates += 1;
    this.#telemetry.countDuplicate(payer);
  }

  unmarked(payer: Payer): void {
    this.#unmarked += 1;
    this.#telemetry.countUnmarked(payer);
  }

  snapshot(): ConsumerCounts {
    return {
      handled: this.#handled,
      failedAttempts: this.#failedAttempts,
      deadLettered: this.#deadLettered,
      quarantined: Object.fromEntries(this.#quarantined),
      erased: this.#erased,
      foreign: this.#foreign,
      skipped: this.#skipped,
      duplicates: this.#duplicates,
      unmarked: this.#unmarked,
    };
  }
}
