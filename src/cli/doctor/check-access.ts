import { quarantineTopic } from '../../routing/naming.js';
import type { TopicOperation } from '../../transport/port.js';
import { REQUEST_TIMEOUT_MS, withOffsets, withTopics, type Cluster } from '../cluster.js';
import { errorText, findingsOf, type Finding } from './finding.js';

const finding = findingsOf('permissions');

/** What a worker, and whoever publishes, needs of a topic (docs/operating.md). */
function neededOperations(topic: string, isEvents: boolean): readonly TopicOperation[] {
  if (isEvents) return ['read', 'write'];
  if (topic.startsWith(quarantineTopic(''))) return ['write'];
  return topic.startsWith('_control.') ? ['read'] : ['read', 'write'];
}

/** What the settings' credentials may do with topics that are there. */
export async function checkTopicAccess(
  cluster: Cluster,
  topics: readonly string[],
  eventTopics: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  if (topics.length === 0) return [];
  try {
    const allowed = await withTopics(cluster, (admin) => admin.allowedOperations(topics, REQUEST_TIMEOUT_MS));
    return topics.map((topic) => {
      const operations = allowed.get(topic) ?? new Set();
      const missing = neededOperations(topic, eventTopics.has(topic)).filter((operation) => !operations.has(operation));
      const detail = `may ${[...operations].sort().join(', ') || 'do nothing'}`;
      if (missing.length === 0) return finding('ok', topic, detail);
      const todo = `allow ${missing.join(' and ')} to whoever needs it: a worker reads, who publishes and copies writes`;
      return finding('warning', topic, `${detail}, not ${missing.join(' or ')}`, todo);
    });
  } catch (error) {
    return [finding('not-made', 'topics', errorText(error), 'look at the ACLs of the topics at the brokers')];
  }
}

/** Whether the offsets of groups may be read; whether they may be joined shows only when somebody joins. */
export async function checkGroupAccess(
  cluster: Cluster,
  groupIds: readonly string[],
  topic: string | undefined,
): Promise<readonly Finding[]> {
  if (topic === undefined) return [];
  const findings: Finding[] = [];
  for (const groupId of groupIds) {
    try {
      const partition = { topic, partition: 0 };
      const hasMembers = await withOffsets(cluster, groupId, async (offsets) => {
        await offsets.committed([partition], REQUEST_TIMEOUT_MS);
        // Brokers in the process do not list groups.
        return offsets.hasMembers(REQUEST_TIMEOUT_MS).catch(() => undefined);
      });
      const members = hasMembers === undefined ? '' : hasMembers ? '; it runs' : '; it has no members';
      findings.push(finding('ok', groupId, `its offsets may be read${members}`));
    } catch (error) {
      findings.push(finding('error', groupId, errorText(error), `allow "read" on the group ${groupId}`));
    }
  }
  return findings;
}
