import {
  decodeMetadata,
  logHash,
  metadataFault,
  type RecordedNotes,
  type RecordedProgress,
} from '../../consumer/ledger/commit-metadata.js';
import type { CommittedPosition, GroupOffsets, LogRange, TopicPartition } from '../../transport/port.js';
import { usageError } from '../command.js';
import { REQUEST_TIMEOUT_MS } from '../cluster.js';

/** What metadata tells. */
export type Progress = RecordedProgress & RecordedNotes;

/** Why a consumer does not believe metadata. */
export type MetadataFault = NonNullable<ReturnType<typeof metadataFault>> | 'beyond-log';

/** An offset with the metadata beside it. */
export interface Position {
  readonly offset: number;
  readonly metadata: string;
  readonly leaderEpoch: number | undefined;
}

/** What metadata beside an offset tells, or why it is not believed; neither where there is none. */
export interface Reading {
  readonly progress: Progress | undefined;
  readonly fault: MetadataFault | undefined;
}

/** Where a group stands in a partition. */
export interface PartitionState extends TopicPartition, Reading {
  readonly range: LogRange;
  /** Its log, as metadata names it. */
  readonly log: Buffer;
  /** undefined where the group has committed nothing. */
  readonly committed: Position | undefined;
}

/**
 * Where a group stands in every partition of these topics.
 *
 * @param wanted - only these partitions
 */
export async function readStates(
  offsets: GroupOffsets,
  topics: readonly string[],
  wanted?: readonly number[],
): Promise<readonly PartitionState[]> {
  const places: TopicPartition[] = [];
  for (const topic of topics) {
    const count = await offsets.partitionCount(topic, REQUEST_TIMEOUT_MS);
    const beyond = wanted?.find((partition) => partition >= count);
    if (beyond !== undefined) throw usageError(`${topic} has no partition ${beyond}`);
    const all = Array.from({ length: count }, (_, partition) => partition);
    for (const partition of wanted ?? all) places.push({ topic, partition });
  }
  const states: PartitionState[] = [];
  for (const position of await offsets.committed(places, REQUEST_TIMEOUT_MS)) {
    states.push(stateOf(position, await offsets.logRange(position, REQUEST_TIMEOUT_MS), offsets));
  }
  return states;
}

/** Reads metadata as a consumer does that is given the partition. */
export function readPosition({ offset, metadata }: Position, log: Buffer, range: LogRange): Reading {
  const progress = decodeMetadata(metadata, offset, log);
  if (progress !== undefined && progress.head > range.highOffset) return { progress: undefined, fault: 'beyond-log' };
  return { progress, fault: metadata === '' ? undefined : metadataFault(metadata, offset, log) };
}

function stateOf(
  { topic, partition, offset, metadata, leaderEpoch }: CommittedPosition,
  range: LogRange,
  offsets: GroupOffsets,
): PartitionState {
  const log = logHash(offsets.logIdentity({ topic, partition }));
  if (offset === undefined) {
    return { topic, partition, range, log, committed: undefined, progress: undefined, fault: undefined };
  }
  const committed = { offset, metadata, leaderEpoch };
  return { topic, partition, range, log, committed, ...readPosition(committed, log, range) };
}
