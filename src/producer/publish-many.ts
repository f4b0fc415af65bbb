import type { PublishManyOptions, PublishOptions, Receipt } from '../api/publisher.js';
import { isTenantryError, tenantryError, type PublishOutcome, type TenantryError } from '../core/errors.js';
import { assertSignal } from './shared-abort.js';

/** How many items of one publishMany are under way at once: enough to fill batches, few enough to bound memory. */
const MAX_UNDER_WAY = 1_000;
/** After so many answers the event loop has its turn: items that fail at once would let nothing else run. */
const ANSWERS_A_TURN = 256;

/** Publishes one item. */
type PublishItem<T> = (item: T, options: PublishOptions) => Promise<Receipt>;

/**
 * Publishes every item with `publish`, in order, a bounded number at once. Once the signal is aborted or the
 * client is stopped no further item is taken.
 *
 * @param isCrowded - whether items should wait in their source for now, because what waits holds much memory
 * @throws TenantryError `PUBLISH_INCOMPLETE` with an outcome for each item that was taken, where any failed or
 * not all were taken; `INVALID_OPTIONS` for what is not iterable
 */
export async function publishMany<T>(
  items: Iterable<T>,
  options: PublishManyOptions<T>,
  publish: PublishItem<T>,
  isCrowded: () => boolean = () => false,
): Promise<Receipt[]> {
  assertIterable(items);
  assertSignal(options.signal);
  return new Run(options, publish, isCrowded).all(items);
}

class Run<T> {
  readonly #options: PublishManyOptions<T>;
  readonly #publish: PublishItem<T>;
  readonly #isCrowded: () => boolean;
  readonly #receipts: (Receipt | undefined)[] = [];
  readonly #failures = new Map<number, TenantryError>();
  #underWay = 0;
  #answersThisTurn = 0;
  #isStopped = false;
  #onAnswer: (() => void) | undefined;

  constructor(options: PublishManyOptions<T>, publish: PublishItem<T>, isCrowded: () => boolean) {
    this.#options = options;
    this.#publish = publish;
    this.#isCrowded = isCrowded;
  }

  async all(items: Iterable<T>): Promise<Receipt[]> {
    const cutShort = await this.#takeFrom(items);
    while (this.#underWay > 0) await this.#nextAnswer();
    if (this.#failures.size === 0 && cutShort === undefined) return this.#receipts as Receipt[];
    const taken = this.#receipts.length;
    const failed = `${this.#failures.size} of ${taken} events were not published; outcomes says which`;
    throw tenantryError(
      'PUBLISH_INCOMPLETE',
      cutShort === undefined ? failed : `${cutShort} after ${taken} items: ${failed}`,
      { outcomes: this.#receipts.map((receipt, index) => outcomeOf(index, receipt, this.#failures.get(index))) },
    );
  }

  /** @returns why not every item was taken; undefined where all were */
  async #takeFrom(items: Iterable<T>): Promise<string | undefined> {
    let end = this.#end();
    if (end !== undefined) return end;
    try {
      for (const item of items) {
        this.#begin(item);
        await this.#room();
        end = this.#end();
        if (end !== undefined) break; // which also has the source clean up
      }
    } catch {
      // Its message is not ours to repeat.
      return end ?? 'the source of the events failed';
    }
    return end;
  }

  #end(): string | undefined {
    if (this.#options.signal?.aborted === true) return 'it was aborted';
    return this.#isStopped ? 'the client was stopped' : undefined;
  }

  #begin(item: T): void {
    const index = this.#receipts.push(undefined) - 1;
    this.#underWay += 1;
    this.#publishOne(item, index).then(
      (receipt) => {
        this.#receipts[index] = receipt;
        this.#answered();
      },
      (error: unknown) => {
        if (isTenantryError(error, 'NOT_RUNNING')) this.#isStopped = true;
        this.#failures.set(index, asTenantryError(error));
        this.#answered();
      },
    );
  }

  async #publishOne(item: T, index: number): Promise<Receipt> {
    const { each, signal } = this.#options;
    return this.#publish(item, { ...each?.(item, index), signal });
  }

  #answered(): void {
    this.#underWay -= 1;
    this.#answersThisTurn += 1;
    this.#onAnswer?.();
  }

  async #room(): Promise<void> {
    while (this.#underWay >= MAX_UNDER_WAY || (this.#underWay > 0 && this.#isCrowded())) await this.#nextAnswer();
    if (this.#answersThisTurn < ANSWERS_A_TURN) return;
    this.#answersThisTurn = 0;
    await nextTurn();
  }

  #nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
  }
}

/** Resolves in the next turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function assertIterable(items: unknown): void {
  const iterate = (items as { readonly [Symbol.iterator]?: unknown } | null | undefined)?.[Symbol.iterator];
  if (typeof iterate === 'function') return;
  throw tenantryError('INVALID_OPTIONS', 'publishMany: data must be an iterable, and no asynchronous one', {
    problems: [{ path: 'data', message: 'must be an iterable, and no asynchronous one' }],
  });
}

function outcomeOf(index: number, receipt: Receipt | undefined, error: TenantryError | undefined): PublishOutcome {
  if (receipt !== undefined) return { index, published: true, eventId: receipt.eventId };
  return { index, published: false, error: error ?? tenantryError('INVALID_STATE', 'the publish has no outcome') };
}

function asTenantryError(error: unknown): TenantryError {
  return isTenantryError(error)
    ? error
    : tenantryError('PUBLISH_FAILED', 'the publish failed', { reason: 'unexpected error' });
}
