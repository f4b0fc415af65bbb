import { readDeadLetter, type DeadLetter } from '../../consumer/handling/dead-letter.js';
import { ownerOf, type Owner } from '../../consumer/ledger/record-owner.js';
import { tenantryError } from '../../core/errors.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { TopicPartition } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS, withOffsets, type Cluster } from '../cluster.js';
import { readRanges, wholeTopics, type Reading } from '../records/read-range.js';
import { readControls, type ToldControls } from '../records/told-controls.js';
import { unreadTopic, type UnreadTopic } from '../records/unread-topic.js';
import { byGroup, type DeadLetterTopic } from './dead-letter-topics.js';

/** What stands in a dead-letter topic. */
export interface FoundLetter {
  readonly topic: DeadLetterTopic;
  readonly owner: Owner;
  readonly copy: ReceivedRecord;
  /** undefined where somebody wrote something else there. */
  readonly letter: DeadLetter | undefined;
  /** Whether some redrive of the group was for it; null where nobody knows, because its control topic was not read. */
  readonly wasRedriven: boolean | null;
}

/** What could not be read. */
export interface NotRead {
  /** Dead-letter topics: whatever was found in them before is not all of it. */
  readonly letters: readonly UnreadTopic[];
  /** Control topics, by which dead letters were redriven or not. */
  readonly controls: readonly UnreadTopic[];
}

/** The place of one record. */
export interface RecordPlace extends TopicPartition {
  readonly offset: number;
}

/** Reads all that is in dead-letter topics now, and goes on where it may not read one. */
export async function readLetters(
  cluster: Cluster,
  topics: readonly DeadLetterTopic[],
  visit: (letter: FoundLetter) => void,
): Promise<NotRead> {
  const letters: UnreadTopic[] = [];
  const controls: UnreadTopic[] = [];
  for (const [groupId, ofGroup] of byGroup(topics)) {
    await withOffsets(cluster, groupId, async (offsets) => {
      const reading = { transport: cluster.transport, offsets, groupId };
      const told = await readControls(reading);
      if (told.unread !== undefined) controls.push(told.unread);
      for (const topic of ofGroup) {
        try {
          await readRanges(reading, await wholeTopics(offsets, [topic.topic]), (copy) => {
            visit(letterOf(topic, copy, told));
          });
        } catch (error) {
          letters.push(unreadTopic(topic.topic, groupId, error));
        }
      }
    });
  }
  return { letters, controls };
}

/**
 * Reads the one that stands at a place of a dead-letter topic.
 *
 * @throws TenantryError `RECORD_NOT_FOUND` where there is none
 */
export async function readLetterAt(
  cluster: Cluster,
  topic: DeadLetterTopic,
  place: RecordPlace,
): Promise<{ readonly letter: FoundLetter; readonly notRead: NotRead }> {
  return withOffsets(cluster, topic.groupId, async (offsets) => {
    const reading = { transport: cluster.transport, offsets, groupId: topic.groupId };
    await assertInLog(reading, place);
    const told = await readControls(reading);
    let letter: FoundLetter | undefined;
    await readRanges(reading, [{ ...place, from: place.offset, until: place.offset + 1 }], (copy) => {
      letter = letterOf(topic, copy, told);
    });
    if (letter === undefined)
      throw notFound(place, 'no record has this offset, which may be a mark of a transaction, or was compacted away');
    return { letter, notRead: { letters: [], controls: told.unread === undefined ? [] : [told.unread] } };
  });
}

async function assertInLog({ offsets }: Reading, place: RecordPlace): Promise<void> {
  const count = await offsets.partitionCount(place.topic, REQUEST_TIMEOUT_MS);
  if (place.partition >= count) throw notFound(place, `the topic has the partitions 0 to ${count - 1}`);
  const { lowOffset, highOffset } = await offsets.logRange(place, REQUEST_TIMEOUT_MS);
  if (place.offset < lowOffset) throw notFound(place, `the log begins at ${lowOffset}, and what was before is deleted`);
  if (place.offset >= highOffset)
    throw notFound(place, `the log ends before ${highOffset}, and nothing has been written there yet`);
}

function notFound(place: RecordPlace, why: string): Error {
  const { topic, partition, offset } = place;
  const message = `there is no record at ${topic}/${partition}/${offset}: ${why}`;
  return tenantryError('RECORD_NOT_FOUND', message, { topic, partition, offset });
}

function letterOf(topic: DeadLetterTopic, copy: ReceivedRecord, { redrives, unread }: ToldControls): FoundLetter {
  const owner = ownerOf(copy.key);
  const letter = readDeadLetter(copy);
  if (unread !== undefined) return { topic, owner, copy, letter, wasRedriven: null };
  return { topic, owner, copy, letter, wasRedriven: letter !== undefined && redrives.wasFor(copy, owner, letter) };
}
