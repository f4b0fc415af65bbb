import type { TopicPartition } from './port.js';

/** One text for each partition, to find it by. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
