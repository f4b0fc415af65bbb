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
 * What may be lost where a position is not in its log any more. A position beyond the end means that the log was
 * cut, or made anew under its name: nobody can tell where the new records begin, so reading begins at the low
 * end again, in both cases. That repeats records; to begin at the high end would skip some in silence.
 */
export function lostRange(position: number, { lowOffset, highOffset }: LogRange): Omit<Loss, keyof TopicPartition> {
  return position < lowOffset
    ? { fromOffset: position, toOffset: lowOffset }
    : { fromOffset: highOffset, toOffset: position };
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
  const sessions: PartitionSession[] = [];
  // One after the other: each question occupies one of the few threads that polling needs too.
  for (const position of committed) {
    sessions.push(openSession(position, await parts.consumer.logRange(position, TIMEOUT_MS), parts));
  }
  return sessions;
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
    parts.onLoss({ ...place, ...lostRange(offset, range) });
    return new PartitionSession(place, logicalTopic, new PartitionLedger(range.lowOffset), log, committed);
  }
  const told = decodeMetadata(metadata, offset, log);
  // What it tells of beyond the end of the log is not this log's any more.
  const progress = told !== undefined && told.head <= range.highOffset ? told : undefined;
  if (progress === undefined && metadata !== '') {
    parts.telemetry.log('metadataIgnored', { topic, partition, offset });
  }
  return new PartitionSession(place, logicalTopic, new PartitionLedger(progress ?? offset), log, committed);
}
