import { partitionFor } from './murmur2.js';

/** The partitions of a topic that a tenant's keys are spread over: all, a dedicated few, or a shuffle shard. */
export interface PartitionSet {
  /** The partition of a key: a pure function, so that every producer of a tenant chooses the same one. */
  partitionOf(key: Uint8Array, partitionCount: number): number;
}

/** Every partition of the topic: what the Java client does. */
export const ALL_PARTITIONS: PartitionSet = Object.freeze({ partitionOf: partitionFor });
