import type { ErrorCode } from '../../core/error-codes.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Origin } from './dead-letter.js';
import type { Owner } from '../ledger/record-owner.js';
import type { GuardedRecord } from './tenant-guard.js';
import type { PartitionSession } from '../ledger/partition-session.js';

/** Whom violations belong to in the scheduler: they have a queue and a cap of their own. */
export const VIOLATIONS = '_violation';

/** Who pays for the handling of a record. */
export type Payer = TenantId | typeof VIOLATIONS;

/** A copy that is owed, until the broker has acknowledged it. */
export interface PendingCopy {
  readonly kind: 'dead-letter' | 'quarantine';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  /** Whether it was tried and has failed. */
  failed: boolean;
  /** How often the broker has refused it for what it is. */
  refusals: number;
}

/** A taken record on its way through the consumer. */
export interface Delivery {
  readonly session: PartitionSession;
  readonly record: ReceivedRecord;
  /** Whose room it takes, and whose cursor it stands for. */
  readonly owner: Owner;
  /** Whose turn its handler takes. */
  readonly payer: Payer;
  /** The queue it stands in: records of one lane run one at a time, in order. */
  readonly lane: string;
  /** What the guard found: the record's names, or why it goes to quarantine. */
  readonly guarded: GuardedRecord | { readonly violation: ErrorCode };
  /** Whether it is handled again on purpose. */
  readonly replay: boolean;
  /** Where it stood before it was dead-lettered; undefined where it was not. */
  readonly origin: Origin | undefined;
  /** Bytes held in memory for it. */
  readonly heldBytes: number;
  /** The copy that it has come to; its handler is not asked again. */
  copy: PendingCopy | undefined;
  /** What it waits for, where that is nothing it answers for. */
  heldFor?: ErrorCode | undefined;
  /** Tries of the handler so far. */
  attempts: number;
  /** Somebody has asked to pass it over while it ran: where it fails, it is not tried again. */
  isSkipped?: boolean;
}

/** Key and value, and what a record costs besides. */
export function heldBytes(record: ReceivedRecord): number {
  let size = 200 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const header of record.headers) size += 100 + header.name.length + header.value.length;
  return size;
}

/** The lane of a record: its key. Violations are not handled and have no order to keep, so each has its own. */
export function laneOf(record: ReceivedRecord, isViolation: boolean): string {
  const { topic, partition, offset, key } = record;
  return isViolation ? `${topic}/${partition}@${offset}` : `${topic}/${partition}:${key?.toString('latin1') ?? ''}`;
}
