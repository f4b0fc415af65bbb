// Publishes an old topic's records as events of tenants. Nothing is committed there before its event is written here.
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTenantryError, type ErrorCode, type TenantKafka } from 'tenantry';
import { OrderPlaced } from './contract.js';
import type { OldRecord, OldTopic } from './old-topic.js';
import { eventIdOf, translate, type Translated } from './translate.js';

/** What a record itself is to blame for; another try would end the same. All else that is not passing ends the bridge. */
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_TENANT_ID',
  'INVALID_AGGREGATE_ID',
  'VALIDATION_FAILED',
  'RECORD_TOO_LARGE',
]);
const RETRY_MS = 1_000;
/** From the year 33658 on no event can have been. Whoever counts in microseconds comes to such times. */
const TOO_LATE_MS = 1e15;

/** What a bridge works with. */
export interface BridgeOptions {
  readonly from: OldTopic;
  readonly to: TenantKafka;
  readonly batchRecords: number;
  /** Ends the bridge after the batch that is under way, or within `graceMs` where that does not get through. */
  readonly signal: AbortSignal;
  /** How long the batch under way may take once the signal has come. Nothing of it is committed after that. */
  readonly graceMs: number;
  /** Ends it once it has come to the end of the old topic. */
  readonly untilEnd: boolean;
  /** Told of each record that becomes no event, before it is committed; perhaps again after a crash. */
  readonly onRefused: (record: OldRecord, why: string) => void;
  /** Told after each commit how many records were read since the start. */
  readonly onProgress: (records: number) => void;
}

/** A bridge that was told to end before its batch got through. What was committed before is all that counts. */
class BatchNotPublished extends Error {
  constructor() {
    super('ended before the batch under way was published: nothing of it is committed, and it is bridged again');
  }
}

export async function runBridge(options: BridgeOptions): Promise<void> {
  const given = new AbortController();
  // Each aggregate of a batch may wait for it.
  setMaxListeners(0, given.signal);
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    timer = setTimeout(() => {
      given.abort();
    }, options.graceMs);
  };
  if (options.signal.aborted) return;
  options.signal.addEventListener('abort', giveUp, { once: true });
  try {
    await bridge(options, given.signal);
  } finally {
    options.signal.removeEventListener('abort', giveUp);
    clearTimeout(timer);
  }
}

async function bridge(options: BridgeOptions, givenUp: AbortSignal): Promise<void> {
  const { from, batchRecords, signal, untilEnd, onProgress } = options;
  let records = 0;
  while (!signal.aborted) {
    const batch = await from.read(batchRecords);
    await Promise.all([...byAggregate(batch, options)].map((events) => publishInOrder(events, options, givenUp)));
    await from.commit(signal);
    if (batch.length === 0 && untilEnd && (await from.isAtEnd())) return;
    if (batch.length === 0) continue;
    records += batch.length;
    onProgress(records);
  }
}

interface OldEvent extends Translated {
  readonly record: OldRecord;
}

/** The events of a batch, those of each aggregate in their order. */
function byAggregate(batch: readonly OldRecord[], { onRefused }: BridgeOptions): Iterable<OldEvent[]> {
  const aggregates = new Map<string, OldEvent[]>();
  for (const record of batch.filter(({ isBack }) => !isBack)) {
    const translated = translate(record);
    if (translated === undefined) {
      onRefused(record, 'it cannot be translated');
      continue;
    }
    if (record.timestampMs < 0 || record.timestampMs >= TOO_LATE_MS) {
      onRefused(record, 'its time is none');
      continue;
    }
    const aggregate = `${translated.tenantId}:${translated.data.orderId}`;
    const events = aggregates.get(aggregate) ?? [];
    events.push({ ...translated, record });
    aggregates.set(aggregate, events);
  }
  return aggregates.values();
}

/** One after the other is written: an earlier one that is tried again never comes behind a later one. */
async function publishInOrder(
  events: readonly OldEvent[],
  options: BridgeOptions,
  givenUp: AbortSignal,
): Promise<void> {
  for (const event of events) await publish(event, options, givenUp);
}

async function publish(
  { tenantId, data, record }: OldEvent,
  { to, onRefused }: BridgeOptions,
  givenUp: AbortSignal,
): Promise<void> {
  const details = { eventId: eventIdOf(record), timestamp: new Date(record.timestampMs), signal: givenUp };
  const giveUp = (): void => {
    if (givenUp.aborted) throw new BatchNotPublished();
  };
  for (;;) {
    giveUp();
    try {
      await to.tenant(tenantId).publish(OrderPlaced, data, details);
      return;
    } catch (error) {
      giveUp();
      if (isTenantryError(error) && REFUSED.has(error.code)) {
        onRefused(record, error.code);
        return;
      }
      if (!isTenantryError(error) || !error.retryable) throw error;
      // Whether it was the time or the signal that ended the wait, the loop looks.
      await sleep(RETRY_MS, undefined, { signal: givenUp }).catch(() => undefined);
    }
  }
}
