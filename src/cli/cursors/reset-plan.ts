import type { CommitRequest, TopicPartition } from '../../transport/port.js';
import { decodedForm } from './decoded-form.js';
import { readPosition, type PartitionState, type Position, type Reading } from './partition-state.js';
import { notInLog } from './reset-target.js';

/** Offsets from one up to, not including, another. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** What a reset does in one partition. */
export interface ResetStep extends TopicPartition {
  readonly before: Position | undefined;
  readonly after: Position;
  /** What a consumer will read of the metadata that is set. */
  readonly reading: Reading;
  /** Whether everything is there as it would be set. */
  readonly isDone: boolean;
  /** Of these offsets, what is handled by now is handled once more. */
  readonly again: OffsetRange | undefined;
  /** Of these offsets, what is not handled by now never will be: all of it, or what the metadata calls finished. */
  readonly skipped: OffsetRange | undefined;
  /** Tenants of which a replay, or a skip beyond the head, is under way and ends. */
  readonly ended: readonly string[];
}

/** @throws TenantryError `INVALID_STATE` where the log has not come to the offset */
export function planStep(state: PartitionState, after: Position): ResetStep {
  const { topic, partition, range, log, committed: before } = state;
  const reading = readPosition(after, log, range);
  if (after.offset > range.highOffset || reading.fault === 'beyond-log') throw notInLog(after.offset, state);
  const now = whereItStands(state);
  const watermark = Math.max(after.offset, range.lowOffset);
  const head = Math.max(reading.progress?.head ?? watermark, watermark);
  const isDone = isSame(before, after);
  return {
    topic,
    partition,
    before,
    after,
    reading,
    isDone,
    again: isDone ? undefined : rangeOf(watermark, now.head),
    skipped: isDone ? undefined : rangeOf(now.watermark, head),
    ended: reading.progress === undefined ? tenantsMoving(state) : [],
  };
}

export function commitOf({ topic, partition, after }: ResetStep): CommitRequest {
  return { topic, partition, ...after };
}

/** Whether the same is committed; the leader's epoch only helps a consumer to see that a log was cut. */
export function isSame(one: Position | undefined, other: Position | undefined): boolean {
  return one?.offset === other?.offset && one?.metadata === other?.metadata;
}

/** Below the watermark all is handled, and at the head and above it nothing is known to be. */
function whereItStands({ committed, progress, range }: PartitionState): { watermark: number; head: number } {
  const { lowOffset, highOffset } = range;
  // Of a log that was cut or made anew a consumer reads everything.
  const isInLog = committed !== undefined && committed.offset <= highOffset;
  const watermark = isInLog ? Math.max(committed.offset, lowOffset) : lowOffset;
  return { watermark, head: Math.max(progress?.head ?? watermark, watermark) };
}

function rangeOf(from: number, to: number): OffsetRange | undefined {
  return from < to ? { from, to } : undefined;
}

function tenantsMoving({ progress }: PartitionState): readonly string[] {
  if (progress === undefined) return [];
  const { replays, skips } = decodedForm(progress);
  return [...replays, ...skips].map(({ tenant }) => tenant);
}
