import { parseDeadLetterTopic, type DeadLetterTopicName } from '../../routing/naming.js';
import { REQUEST_TIMEOUT_MS, withTopics, type Cluster } from '../cluster.js';

/** A dead-letter topic that is there. */
export interface DeadLetterTopic extends DeadLetterTopicName {
  readonly topic: string;
}

/** Which dead-letter topics are meant; what is left out means all. */
export interface TopicFilter {
  /** As Kafka knows it. */
  readonly group?: string | undefined;
  /** The topic whose events failed. */
  readonly topic?: string | undefined;
}

/** The dead-letter topics of a cluster that may be described, by name. */
export async function findDeadLetterTopics(cluster: Cluster, filter: TopicFilter): Promise<readonly DeadLetterTopic[]> {
  const { topics } = await withTopics(cluster, (admin) => admin.describeCluster(REQUEST_TIMEOUT_MS));
  return [...topics.keys()]
    .sort()
    .flatMap((topic) => {
      const name = parseDeadLetterTopic(topic);
      return name === undefined ? [] : [{ topic, ...name }];
    })
    .filter(({ groupId, logicalTopic }) => {
      const { group = groupId, topic = logicalTopic } = filter;
      return groupId === group && logicalTopic === topic;
    });
}

/** Topics by the group that reads them. */
export function byGroup(topics: readonly DeadLetterTopic[]): ReadonlyMap<string, readonly DeadLetterTopic[]> {
  const groups = new Map<string, DeadLetterTopic[]>();
  for (const topic of topics) {
    const found = groups.get(topic.groupId);
    if (found === undefined) groups.set(topic.groupId, [topic]);
    else found.push(topic);
  }
  return groups;
}
