import type { Telemetry } from '../telemetry/telemetry.js';
import type { CommittedPosition, GroupConsumer, LogRange, TopicPartition } from '../transport/port.js';
import { decodeMetadata, logHash } from './commit-metadata.js';
import { PartitionLedger } from './ledger.js';
import { PartitionSession } from './partition-session.js';

const TIMEOUT_MS = 10_000;

/** What resolving a start needs. */
export interface StartParts {
  readonly consumer: GroupConsumer;
  readonly telemetry: Telemetry;
  readonly startFrom: 'earliest' | 'latest';
  readonly logicalTopicOf: (topic: string) => string;
  /** Records that are not there any more and were never handled. */
  readonly onLoss: (loss: Loss) => void;
}

/** Offsets that may have held unhandled records and have left the log. */
export interface Loss extends TopicPartition {
  readonly fromOffset: number;
  readonly toOffset: number;
}

/**
 * Makes a session for each newly assigned partition, standing where the group left off. A group without a
 * commit starts where the options say, at an offset that is resolved now.
 */
export async function openSessions(
  partitions: readonly TopicPartition[],
  parts: StartParts,
): Promise<PartitionSession[]> {
  const committed = await parts.consumer.committed(partitions, TIMEOUT_MS);
  return Promise.all(
    committed.map(async (position) =>
      openSession(position, await parts.consumer.logRange(position, TIMEOUT_MS), parts),
    ),
  );
}

function openSession(position: CommittedPosition, range: LogRange, parts: StartParts): PartitionSession {
  const { topic, partition, offset, metadata, leaderEpoch } = position;
  const log = logHash(parts.consumer.logIdentity(position));
  const place = { topic, partition };
  const logicalTopic = parts.logicalTopicOf(topic);
  if (offset === undefined) {
    const start = parts.startFrom === 'earliest' ? range.lowOffset : range.highOffset;
    return new PartitionSession(place, logicalTopic, new PartitionLedger(start), log, undefined);
  }
  const committed = { offset, metadata, leaderEpoch };
  if (offset < range.lowOffset || offset > range.highOffset) {
    const start = offset < range.lowOffset ? range.lowOffset : range.highOffset;
    parts.onLoss({ topic, partition, fromOffset: Math.min(offset, start), toOffset: Math.max(offset, start) });
    return new PartitionSession(place, logicalTopic, new PartitionLedger(start), log, committed);
  }
  const told = decodeMetadata(metadata, offset, log);
  // What it tells of beyond the end of the log is not this log's any more.
  const progress = told !== undefined && told.head <= range.highOffset ? told : undefined;
  if (progress === undefined && metadata !== '') {
    parts.telemetry.log('metadataIgnored', { topic, partition, offset });
  }
  return new PartitionSession(place, logicalTopic, new PartitionLedger(progress ?? offset), log, committed);
}
