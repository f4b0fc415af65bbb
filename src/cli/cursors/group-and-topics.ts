import { usageError } from '../command.js';
import { parseGroupId } from '../group-id.js';

/** The arguments that every command about cursors has: a group, as Kafka knows it, and topics. */
export interface GroupAndTopics {
  readonly groupId: string;
  readonly topics: readonly string[];
}

export function parseGroupAndTopics(positionals: readonly string[]): GroupAndTopics {
  const [group = '', ...topics] = positionals;
  const groupId = parseGroupId(group);
  if (topics.length === 0 || topics.includes('')) throw usageError('a topic is missing');
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  if (twice !== undefined) throw usageError(`topic ${twice} is given twice`);
  return { groupId, topics };
}
