import type { Clock } from '../../core/clock.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { CommittedPosition, GroupConsumer, LogRange, TopicPartition } from '../../transport/port.js';
import { decodeMetadata, logHash, notesIn } from '../ledger/commit-metadata.js';
import { PartitionLedger } from '../ledger/ledger.js';
import { PartitionSession, type TopicRole } from '../ledger/partition-session.js';
import { placesOf } from './places.js';

const TIMEOUT_MS = 10_000;

/** What resolving a start needs. */
export interface StartParts {
  readonly clock: Clock;
  readonly consumer: GroupConsumer;
  readonly telemetry: Telemetry;
  readonly startFrom: 'earliest' | 'latest';
  readonly roleOf: (topic: string) => TopicRole;
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

/** What became of partitions whose sessions were to be opened. */
export interface Opened {
  readonly sessions: readonly PartitionSession[];
  /** Those about which the broker had no answer now, and the last reason. */
  readonly failed: readonly TopicPartition[];
  readonly reason: string;
}

/**
 * Makes a session for each newly assigned partition, standing where the group left off. A group without a
 * commit starts where the options say, at an offset that is resolved now. A partition that cannot be asked about,
 * because it has no leader for instance, holds up no other.
 */
export async function openSessions(partitions: readonly TopicPartition[], parts: StartParts): Promise<Opened> {
  const sessions: PartitionSession[] = [];
  const failed: TopicPartition[] = [];
  let reason = '';
  const known = await parts.consumer.committed(partitions, TIMEOUT_MS).catch(() => []);
  // One after the other: each question occupies one of the few threads that polling needs too.
  for (const place of partitions) {
    try {
      const same = known.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
      const position = same ?? (await committedAt(place, parts.consumer));
      const range = await parts.consumer.logRange(place, TIMEOUT_MS);
      sessions.push(
        position.offset === undefined
          ? await startSession(place, range, parts)
          : resumeSession({ ...position, offset: position.offset }, range, parts),
      );
    } catch (error) {
      failed.push(place);
      reason = (error as Error).message;
    }
  }
  return { sessions, failed, reason };
}

async function committedAt(place: TopicPartition, consumer: GroupConsumer): Promise<CommittedPosition> {
  const [position] = await consumer.committed([place], TIMEOUT_MS);
  if (position === undefined) throw new Error('no committed position was told');
  return position;
}

function resumeSession(
  { topic, partition, offset, metadata, leaderEpoch }: CommittedPosition & { readonly offset: number },
  range: LogRange,
  parts: StartParts,
): PartitionSession {
  const place = { topic, partition };
  const log = logHash(parts.consumer.logIdentity(place));
  const role = parts.roleOf(topic);
  const committed = { offset, metadata, leaderEpoch };
  const told = decodeMetadata(metadata, offset, log);
  const notes = { beganAtMs: told?.beganAtMs, controlOffset: told?.controlOffset };
  // The log was cut where it ends before the offset, and also where it ends before what was read.
  const readTo = told?.head ?? offset;
  if (readTo > range.highOffset) {
    if (offset < range.lowOffset) parts.onLoss({ ...place, ...lostRange(offset, range) });
    parts.onLoss({ ...place, ...lostRange(readTo, range) });
    return new PartitionSession(place, role, new PartitionLedger(range.lowOffset), log, committed, notes);
  }
  if (told === undefined && metadata !== '') parts.telemetry.log('metadataIgnored', { ...place, offset });
  const ledger = new PartitionLedger(told ?? offset);
  if (offset < range.lowOffset) {
    parts.onLoss({ ...place, ...lostRange(offset, range) });
    ledger.forgetBelow(range.lowOffset);
  }
  return new PartitionSession(place, role, ledger, log, committed, notes);
}

/** A partition for which the group has committed nothing. */
async function startSession(place: TopicPartition, range: LogRange, parts: StartParts): Promise<PartitionSession> {
  const log = logHash(parts.consumer.logIdentity(place));
  const role = parts.roleOf(place.topic);
  const open = (offset: number, beganAtMs?: number): PartitionSession =>
    new PartitionSession(place, role, new PartitionLedger(offset), log, undefined, { beganAtMs });
  if (parts.startFrom === 'earliest') return open(range.lowOffset);
  // Nothing of it is to be handled by itself, and a redrive reads from where it has to.
  if (role.isDeadLetters) return open(range.highOffset);
  const group = await beginningOf(place.topic, parts);
  if (group === 'new') return open(range.highOffset, parts.clock.nowMs());
  if (group === 'unknown') return open(range.lowOffset);
  const since = await parts.consumer.offsetForTime(place, group.beganAtMs, TIMEOUT_MS);
  return open(since ?? range.highOffset, group.beganAtMs);
}

/**
 * When the group began to read a topic. A partition that was added to it since holds nothing from before, so none
 * of its records is skipped; where several members start a new group at once, all of them begin at the same time.
 */
async function beginningOf(
  topic: string,
  { consumer }: StartParts,
): Promise<'new' | 'unknown' | { readonly beganAtMs: number }> {
  const places = await placesOf(topic, consumer, TIMEOUT_MS);
  const committed = (await consumer.committed(places, TIMEOUT_MS)).filter(({ offset }) => offset !== undefined);
  if (committed.length === 0) return 'new';
  const told = committed.flatMap((position) => {
    const { beganAtMs } = notesIn(position.metadata, logHash(consumer.logIdentity(position)));
    return beganAtMs === undefined ? [] : [beganAtMs];
  });
  return told.length === 0 ? 'unknown' : { beganAtMs: Math.min(...told) };
}
