import type { Clock } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import type { GroupOffsets, TopicAdmin, TopicOperation, Transport } from '../../transport/port.js';
import type { MemoryCluster } from './memory-cluster.js';
import { MemoryGroupConsumer } from './memory-group-consumer.js';
import { keyOf } from './memory-group.js';
import { MemoryProducer } from './memory-producer.js';
import { MemoryReader } from './memory-reader.js';

const OPERATIONS: readonly TopicOperation[] = ['read', 'write', 'describe', 'alter'];

const NOTHING = (): Promise<void> => Promise.resolve();

const clusters = new WeakMap<Transport, MemoryCluster>();

/** The cluster behind a transport; undefined where it is not in memory. */
export function clusterOf(transport: Transport): MemoryCluster | undefined {
  return clusters.get(transport);
}

/** The clients of one process on a cluster in memory; what they wait for passes on their clock. */
export function memoryTransport(cluster: MemoryCluster, clock: Clock): Transport {
  const transport: Transport = {
    createProducer: () => new MemoryProducer(cluster, clock),
    createGroupConsumer: (options) => new MemoryGroupConsumer(cluster, clock, options),
    createReader: () => new MemoryReader(cluster, clock),
    createGroupOffsets: (groupId) => groupOffsets(cluster, groupId),
    createAdmin: () => topicAdmin(cluster),
  };
  clusters.set(transport, cluster);
  return transport;
}

function topicAdmin(cluster: MemoryCluster): TopicAdmin {
  return {
    connect: NOTHING,
    disconnect: NOTHING,
    createTopics: async (topics) =>
      topics.filter(({ topic, partitions }) => cluster.createTopic(topic, partitions)).map(({ topic }) => topic),
    describeTopics: async (topics) =>
      new Map(
        topics.flatMap((topic) => {
          const count = cluster.partitionCount(topic);
          return count === undefined ? [] : [[topic, count] as const];
        }),
      ),
    describeCluster: async () => ({
      brokers: ['in-memory:1'],
      topics: new Map(
        cluster.topics.map((topic) => [
          topic,
          { partitions: cluster.requirePartitionCount(topic), replicationFactor: 1 },
        ]),
      ),
    }),
    // Nobody is refused anything.
    allowedOperations: async (topics) => new Map(topics.map((topic) => [topic, new Set(OPERATIONS)])),
  };
}

function groupOffsets(cluster: MemoryCluster, groupId: string): GroupOffsets {
  const group = cluster.group(groupId);
  return {
    connect: NOTHING,
    disconnect: NOTHING,
    hasMembers: async () => group.hasMembers,
    committed: async (places) => places.map((place) => group.committed(place)),
    logRange: async (place) => cluster.log(place).range,
    partitionCount: async (topic) => cluster.requirePartitionCount(topic),
    offsetForTime: async (place, timestampMs) => cluster.log(place).offsetForTime(timestampMs),
    // As the native client tells it to who is no member.
    logIdentity: (place) => `/${keyOf(place)}`,
    commit: async (requests) => {
      if (group.hasMembers) throw tenantryError('INVALID_STATE', `setting offsets of ${groupId}: it has members`);
      for (const request of requests) group.commit(request, undefined);
    },
  };
}
