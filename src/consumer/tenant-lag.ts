import type { PartitionLag, TenantLag } from '../api/worker.js';
import type { TopicPartition } from '../transport/port.js';
import type { Delivery } from './handling/delivery.js';
import type { PartitionSession } from './ledger/partition-session.js';
import { NOBODY, type Owner } from './ledger/record-owner.js';

/** What lag is counted from. */
export interface LagSigns {
  readonly nowMs: number;
  /** Records that are held. */
  readonly deliveries: Iterable<Delivery>;
  readonly sessions: Iterable<PartitionSession>;
  readonly paused: ReadonlySet<Owner>;
}

type Sum = { -readonly [Field in keyof Omit<TenantLag, 'tenantId' | 'seconds' | 'paused'>]: TenantLag[Field] } & {
  oldestMs: number;
};

/**
 * How far behind each tenant is, the longest first. Tenants with nothing unfinished are not in it; nor is one whose
 * cursor a predecessor has left, until the first record of it is read.
 */
export function tenantLags({ nowMs, deliveries, sessions, paused }: LagSigns): readonly TenantLag[] {
  const sums = new Map<Owner, Sum>();
  const sumOf = (owner: Owner): Sum => {
    let sum = sums.get(owner);
    if (sum === undefined) {
      sum = { records: 0, oldestMs: nowMs, atLeast: false, parked: false };
      sums.set(owner, sum);
    }
    return sum;
  };
  for (const { owner, record } of deliveries) {
    const sum = sumOf(owner);
    sum.records += 1;
    sum.oldestMs = Math.min(sum.oldestMs, record.timestampMs);
  }
  for (const { ledger } of sessions) {
    for (const { owner, unread, sinceMs, isComplete } of ledger.cursors) {
      if (owner === undefined) continue;
      const sum = sumOf(owner);
      sum.parked = true;
      sum.records += unread;
      sum.atLeast ||= !isComplete;
      if (sinceMs !== undefined) sum.oldestMs = Math.min(sum.oldestMs, sinceMs);
    }
  }
  return [...sums]
    .filter(([owner]) => owner !== NOBODY)
    .map(([owner, { records, oldestMs, atLeast, parked }]) => ({
      tenantId: owner,
      seconds: Math.max(0, (nowMs - oldestMs) / 1_000),
      records,
      atLeast,
      parked,
      paused: paused.has(owner),
    }))
    .sort((a, b) => b.seconds - a.seconds);
}

/** What is still to be read of each partition that events are read from. No event waits behind a dead letter. */
export function headLags(
  sessions: Iterable<PartitionSession>,
  knownEnd: (place: TopicPartition) => number | undefined,
): readonly PartitionLag[] {
  return Array.from(sessions)
    .filter(({ isDeadLetters, state }) => !isDeadLetters && state === 'active')
    .map(({ topic, partition, ledger, endOffset }) => {
      const known = knownEnd({ topic, partition });
      // While reading waits, the client hears of no end: only what was asked for does not stand still.
      const unread = known === undefined ? undefined : Math.max(0, Math.max(known, endOffset) - ledger.head);
      return { topic, partition, unread };
    });
}
