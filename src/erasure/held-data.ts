import type { AnyEventContract } from '../contract/event-contract.js';
import { isTenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import { deadLetterTopic, parseGroupName, quarantineTopic, sharedGroupId, tenantGroupId } from '../routing/naming.js';
import type { Transport } from '../transport/port.js';
import type { CheckedEraseOptions } from './erase-options.js';
import type { ErasureStatement } from './statement.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** Read under the permissions of this name; it never becomes a group. */
const READER = parseGroupName('erasure');

type HeldData = Pick<ErasureStatement, 'topics' | 'topicsNotFound'>;
type TopicUse = Pick<ErasureStatement['topics'][number], 'topic' | 'holds'>;

/** The topics that may hold a tenant's data, and where each of their partitions ends now. */
export async function heldData(
  transport: Pick<Transport, 'createGroupOffsets'>,
  tenantId: TenantId,
  options: CheckedEraseOptions,
): Promise<HeldData> {
  const topics: HeldData['topics'] = [];
  const topicsNotFound: string[] = [];
  const offsets = transport.createGroupOffsets(sharedGroupId(READER));
  await offsets.connect();
  try {
    for (const use of topicsOf(tenantId, options)) {
      const { topic } = use;
      const count = await orNone(offsets.partitionCount(topic, REQUEST_TIMEOUT_MS));
      if (count === 0) {
        topicsNotFound.push(topic);
        continue;
      }
      const endOffsets: number[] = [];
      for (let partition = 0; partition < count; partition += 1) {
        endOffsets.push((await offsets.logRange({ topic, partition }, REQUEST_TIMEOUT_MS)).highOffset);
      }
      topics.push({ ...use, endOffsets });
    }
  } finally {
    await offsets.disconnect(REQUEST_TIMEOUT_MS);
  }
  return { topics, topicsNotFound };
}

function topicsOf(tenantId: TenantId, { contracts, groups, tenantGroups }: CheckedEraseOptions): TopicUse[] {
  const logicalTopics = [...new Set(contracts.map(({ topic }: AnyEventContract) => topic))];
  const groupIds = [
    ...groups.map((group) => sharedGroupId(parseGroupName(group))),
    ...tenantGroups.map((group) => tenantGroupId(tenantId, parseGroupName(group))),
  ];
  return logicalTopics.flatMap((topic): TopicUse[] => [
    { topic, holds: 'events' },
    { topic: quarantineTopic(topic), holds: 'quarantine' },
    ...groupIds.map((groupId): TopicUse => ({ topic: deadLetterTopic(groupId, topic), holds: 'dead-letters' })),
  ]);
}

async function orNone(asked: Promise<number>): Promise<number> {
  try {
    return await asked;
  } catch (error) {
    if (isTenantryError(error, 'TOPIC_NOT_FOUND')) return 0;
    throw error;
  }
}
