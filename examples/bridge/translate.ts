// What is yours to write: whose an old record is, and what it becomes.
import type { InputOf } from 'tenantry';
import type { OrderPlaced } from './contract.js';
import type { OldRecord } from './old-topic.js';

/** `9.5`, `120`. What `Number` makes of an empty text, of null and of true is a number too, and a wrong one. */
const AMOUNT = /^\d{1,12}(?:\.\d{1,2})?$/;

/** An old record in the terms of the new topic. */
export interface Translated {
  readonly tenantId: string;
  readonly data: InputOf<typeof OrderPlaced>;
}

/**
 * The old topic's values are JSON such as `{"customer":"acme","order":"42","total":"9.50"}`, its keys the order alone.
 *
 * @returns undefined where the record names no customer or is not what it should be
 */
export function translate({ value }: OldRecord): Translated | undefined {
  let old: unknown;
  try {
    old = JSON.parse(value?.toString('utf8') ?? 'null');
  } catch {
    return undefined;
  }
  if (typeof old !== 'object' || old === null) return undefined;
  const { customer, order, total } = old as Readonly<Record<string, unknown>>;
  if (typeof customer !== 'string' || typeof order !== 'string') return undefined;
  if (typeof total !== 'string' || !AMOUNT.test(total)) return undefined;
  return { tenantId: customer, data: { orderId: order, totalCents: Math.round(Number(total) * 100) } };
}

/**
 * The id of an old record's event: its place. It is the same each time the record is bridged, so consumers with
 * `dedupe` handle it once. An event id has at most 128 characters: of a topic with a long name take a hash.
 */
export function eventIdOf({ topic, partition, offset }: Pick<OldRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}

/** Where the record of a bridged event stands in the old topic; undefined of an event that was published anew. */
export function oldPlaceOf(eventId: string): { readonly partition: number; readonly offset: number } | undefined {
  const [, partition, offset] = /^[^/]+\/(\d+)\/(\d+)$/.exec(eventId) ?? [];
  return partition === undefined ? undefined : { partition: Number(partition), offset: Number(offset) };
}
