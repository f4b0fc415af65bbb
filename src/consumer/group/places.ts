import type { GroupConsumer, TopicPartition } from '../../transport/port.js';

/** How partitions are named: in maps, in controls and for people. */
export function placeName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** All partitions of some topics. */
export async function placesOfAll(
  topics: readonly string[],
  consumer: Pick<GroupConsumer, 'partitionCount'>,
  timeoutMs: number,
): Promise<TopicPartition[]> {
  const places: TopicPartition[] = [];
  for (const topic of topics) places.push(...(await placesOf(topic, consumer, timeoutMs)));
  return places;
}

/** All partitions of a topic. */
export async function placesOf(
  topic: string,
  consumer: Pick<GroupConsumer, 'partitionCount'>,
  timeoutMs: number,
): Promise<TopicPartition[]> {
  const count = await consumer.partitionCount(topic, timeoutMs);
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}
