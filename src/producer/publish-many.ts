import type { PublishManyOptions, PublishOptions, Receipt } from '../api/publisher.js';
import { isTenantryError, tenantryError, type PublishOutcome, type TenantryError } from '../core/errors.js';

/** How many items of one publishMany are under way at once: enough to fill batches, few enough to bound memory. */
const MAX_UNDER_WAY = 1_000;

/**
 * Publishes every item with `publish`, in order, a bounded number at once.
 *
 * @throws TenantryError `PUBLISH_INCOMPLETE` with an outcome an item where any failed
 */
export async function publishMany<T>(
  items: Iterable<T>,
  options: PublishManyOptions<T>,
  publish: (item: T, options: PublishOptions) => Promise<Receipt>,
): Promise<Receipt[]> {
  const receipts: (Receipt | undefined)[] = [];
  const failures = new Map<number, TenantryError>();
  let underWay = 0;
  let onRoom: (() => void) | undefined;

  const settled = (): void => {
    underWay -= 1;
    onRoom?.();
  };
  const waitUntilAtMost = async (count: number): Promise<void> => {
    while (underWay > count) {
      await new Promise<void>((resolve) => {
        onRoom = resolve;
      });
    }
  };

  const publishOne = async (item: T, index: number): Promise<Receipt> =>
    publish(item, { ...options.each?.(item, index), signal: options.signal });

  for (const item of items) {
    await waitUntilAtMost(MAX_UNDER_WAY - 1);
    const index = receipts.push(undefined) - 1;
    underWay += 1;
    publishOne(item, index).then(
      (receipt) => {
        receipts[index] = receipt;
        settled();
      },
      (error: unknown) => {
        failures.set(index, asTenantryError(error));
        settled();
      },
    );
  }
  await waitUntilAtMost(0);
  if (failures.size === 0) return receipts as Receipt[];
  const outcomes = receipts.map((receipt, index) => outcomeOf(index, receipt, failures.get(index)));
  throw tenantryError(
    'PUBLISH_INCOMPLETE',
    `${failures.size} of ${receipts.length} events were not published; outcomes says which`,
    {
      outcomes,
    },
  );
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
