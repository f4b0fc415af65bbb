import type { ConsumedEvent } from '../../api/consumed-event.js';
import type { ClientParts } from '../../client/compose-parts.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { readDeadLetter } from '../../consumer/handling/dead-letter.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { tenantryError } from '../../core/errors.js';
import { HEADER, isReservedHeader } from '../../record/header-names.js';
import { parseRecordKey } from '../../record/record-key.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { sharedGroupId, parseGroupName } from '../../routing/naming.js';
import type { MemoryCluster, Moment } from '../in-memory/memory-cluster.js';
import type { PublishedEvent } from './delivery-result.js';

let readBacks = 0;

/** What a read-back stands on. */
export interface ReadBackParts {
  readonly kafka: TenantKafka;
  readonly parts: ClientParts;
  readonly cluster: MemoryCluster;
}

/**
 * The events that were written since a moment, as a consumer of the client gets them. Copies and what the library tells
 * itself are left out.
 *
 * @throws TenantryError `INVALID_STATE` where a consumer of this client cannot read what its publisher has written
 */
export async function readBack(
  since: Moment,
  isOther: (record: ReceivedRecord) => boolean,
  { kafka, parts, cluster }: ReadBackParts,
): Promise<readonly PublishedEvent[]> {
  const written = cluster.since(since).filter((record) => isEventTopic(record.topic) && !isOther(record));
  const contracts = new Set(written.flatMap((record) => parts.pipeline.contractOf(eventTypeOf(record)) ?? []));
  const events = await consume([...contracts], since, { kafka, parts, cluster });
  return written.map((record) => publishedEvent(record, parts.pipeline.contractOf(eventTypeOf(record)), events));
}

/** By the place of their records. */
type ReadEvents = ReadonlyMap<string, ConsumedEvent>;

async function consume(
  contracts: readonly AnyEventContract[],
  since: Moment,
  { kafka, cluster }: ReadBackParts,
): Promise<ReadEvents> {
  const events = new Map<string, ConsumedEvent>();
  if (contracts.length === 0) return events;
  readBacks += 1;
  const group = `read-back-${readBacks}`;
  cluster.beginAt(
    sharedGroupId(parseGroupName(group)),
    contracts.map(({ topic }) => topic),
    since,
  );
  const acceptUnprotected = contracts.map(({ eventType }) => eventType);
  const before = cluster.now();
  const worker = kafka.worker(group, { commitIntervalMs: 10, acceptUnprotected }).on(contracts, (event, { record }) => {
    events.set(placeOf(record), event);
  });
  try {
    await worker.start();
    await worker.caughtUp();
  } finally {
    await worker.stop();
  }
  const [copy] = cluster.since(before).flatMap((record) => readDeadLetter(record) ?? []);
  if (copy === undefined) return events;
  throw tenantryError(
    'INVALID_STATE',
    `an event ${copy.eventType ?? ''} was published that a consumer of the same client cannot read: ${copy.code}`,
  );
}

function publishedEvent(
  record: ReceivedRecord,
  contract: AnyEventContract | undefined,
  events: ReadEvents,
): PublishedEvent {
  const { topic, partition, offset, value, headers } = record;
  const key = parseRecordKey(record.key);
  const event = events.get(placeOf(record));
  if (key === undefined)
    throw tenantryError('INVALID_STATE', `a record of ${topic}/${partition} has no key of an event`);
  return {
    contract,
    eventType: eventTypeOf(record),
    ...key,
    id: event?.id ?? headerOf(record, HEADER.eventId),
    timestamp: event?.timestamp ?? new Date(record.timestampMs),
    data: event?.data,
    headers: event?.headers ?? ownHeaders(record),
    topic,
    partition,
    offset,
    key: `${key.tenantId}:${key.aggregateId}`,
    wireHeaders: headers,
    wireValue: value,
  };
}

/** Dotted names are those of copies, and `_` begins what the library tells itself. */
function isEventTopic(topic: string): boolean {
  return !topic.startsWith('_') && !topic.endsWith('.dlq');
}

function eventTypeOf(record: ReceivedRecord): string {
  return headerOf(record, HEADER.eventType);
}

function headerOf({ headers }: ReceivedRecord, wanted: string): string {
  return headers.find(({ name }) => name === wanted)?.value.toString('utf8') ?? '';
}

function ownHeaders({ headers }: ReceivedRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    headers.filter(({ name }) => !isReservedHeader(name)).map(({ name, value }) => [name, value.toString('utf8')]),
  );
}

/** A place in the log as text. */
export function placeOf({ topic, partition, offset }: Pick<ReceivedRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}@${offset}`;
}
