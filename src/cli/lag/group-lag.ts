import { fingerprintOf, NOBODY, ownerOf, type Owner } from '../../consumer/ledger/record-owner.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { TopicPartition } from '../../transport/port.js';
import { readStates, type PartitionState } from '../cursors/partition-state.js';
import { shownFingerprint } from '../cursors/tenant-names.js';
import { readRanges, type Range, type Reading } from '../records/read-range.js';
import { readControls, type ToldControls } from '../records/told-controls.js';
import type { UnreadTopic } from '../records/unread-topic.js';
import { unfinishedOf, type Unfinished } from './unfinished.js';

/** How far behind a tenant is in one partition. */
export interface TenantLagRow {
  /** Its id; `(no tenant)` for records whose keys name none; a fingerprint where no record tells whose it is. */
  readonly tenant: string;
  readonly records: number;
  /** Since the oldest unfinished record was written; null where there is none. */
  readonly seconds: number | null;
  readonly parked: boolean;
  /** null where nobody knows: the group's control topic could not be read. */
  readonly paused: boolean | null;
}

/** How far behind a group is in one partition. */
export interface PartitionLagReport extends TopicPartition {
  /** What is committed; null where nothing is. */
  readonly watermark: number | null;
  readonly endOffset: number;
  readonly records: number;
  /** Whether not all was read: there are at least so many. */
  readonly atLeast: boolean;
  /** The longest lag first. */
  readonly tenants: readonly TenantLagRow[];
}

export interface GroupLag {
  readonly group: string;
  /** The control topic where it could not be read. */
  readonly notRead: readonly UnreadTopic[];
  readonly partitions: readonly PartitionLagReport[];
}

interface Sum {
  records: number;
  oldestMs: number;
}

interface Counted {
  readonly state: PartitionState;
  readonly unfinished: Unfinished;
  readonly range: Range;
  readonly sums: Map<Owner, Sum>;
}

/** What is counted. */
export interface Counting {
  readonly nowMs: number;
  /** So many records are read of a partition at the most. */
  readonly maxRecords: number;
  /** Only these; undefined for all. */
  readonly tenants?: readonly TenantId[] | undefined;
}

/**
 * How far behind each tenant is, from what the group has committed and from the records that it has not finished: only
 * their keys tell whose they are.
 */
export async function groupLag(reading: Reading, topics: readonly string[], counting: Counting): Promise<GroupLag> {
  const counted = (await readStates(reading.offsets, topics)).map((state): Counted => {
    const unfinished = unfinishedOf(state);
    const { topic, partition, range } = state;
    const until = Math.min(range.highOffset, unfinished.from + counting.maxRecords);
    return { state, unfinished, range: { topic, partition, from: unfinished.from, until }, sums: new Map() };
  });
  const byPlace = new Map(counted.map((one) => [placeOf(one.range), one]));
  await readRanges(
    reading,
    counted.map(({ range }) => range),
    (record) => {
      const place = byPlace.get(placeOf(record));
      const owner = ownerOf(record.key);
      if (place?.unfinished.has(owner, record.offset) !== true) return;
      const sum = place.sums.get(owner) ?? { records: 0, oldestMs: record.timestampMs };
      sum.records += 1;
      sum.oldestMs = Math.min(sum.oldestMs, record.timestampMs);
      place.sums.set(owner, sum);
    },
  );
  const controls = await readControls(reading);
  const pauses = new Pauses(controls);
  return {
    group: reading.groupId,
    notRead: controls.unread === undefined ? [] : [controls.unread],
    partitions: counted.map((one) => reportOf(one, pauses, counting)),
  };
}

function reportOf(
  { state, unfinished, range, sums }: Counted,
  pauses: Pauses,
  { nowMs, tenants }: Counting,
): PartitionLagReport {
  const { topic, partition, committed } = state;
  const told = [...sums].filter(([owner]) => tenants === undefined || (tenants as readonly string[]).includes(owner));
  const rows = told.map(([owner, { records, oldestMs }]) => ({
    tenant: owner === NOBODY ? '(no tenant)' : owner,
    records,
    seconds: Math.max(0, Math.round((nowMs - oldestMs) / 1_000)),
    parked: unfinished.isParked(owner),
    paused: pauses.has(owner),
  }));
  return {
    topic,
    partition,
    watermark: committed?.offset ?? null,
    endOffset: state.range.highOffset,
    records: rows.reduce((sum, { records }) => sum + records, 0),
    atLeast: range.until < state.range.highOffset,
    tenants: [...rows.sort((a, b) => b.seconds - a.seconds), ...unnamed(state, sums, tenants, pauses)],
  };
}

/** Who is paused; null where nobody knows. */
class Pauses {
  readonly #paused: ReadonlySet<string> | undefined;
  readonly #fingerprints: ReadonlySet<number>;

  constructor({ paused, unread }: ToldControls) {
    this.#paused = unread === undefined ? paused : undefined;
    this.#fingerprints = new Set([...paused].map(fingerprintOf));
  }

  has(owner: Owner): boolean | null {
    return this.#paused?.has(owner) ?? null;
  }

  hasFingerprint(fingerprint: number): boolean | null {
    return this.#paused === undefined ? null : this.#fingerprints.has(fingerprint);
  }
}

/** Parked tenants of which no record was read: of those who are asked for the fingerprint tells who it is. */
function unnamed(
  { progress }: PartitionState,
  sums: ReadonlyMap<Owner, Sum>,
  tenants: readonly TenantId[] | undefined,
  pauses: Pauses,
): readonly TenantLagRow[] {
  const named = new Set([...sums.keys()].map(fingerprintOf));
  const names = new Map(tenants?.map((tenant) => [fingerprintOf(tenant), tenant]));
  const cursors = progress?.cursors ?? [];
  return cursors
    .filter(({ fingerprint }) => !named.has(fingerprint) && (tenants === undefined || names.has(fingerprint)))
    .map(({ fingerprint }) => ({
      tenant: names.get(fingerprint) ?? shownFingerprint(fingerprint),
      records: 0,
      seconds: null,
      parked: true,
      paused: pauses.hasFingerprint(fingerprint),
    }));
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
