import { delay, type Clock } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type {
  CommitRequest,
  CommitResult,
  CommittedPosition,
  GroupConsumer,
  GroupConsumerOptions,
  GroupListener,
  LogRange,
  StartPosition,
  TopicPartition,
} from '../../transport/port.js';
import type { MemoryCluster } from './memory-cluster.js';
import { keyOf, type GroupMember, type MemoryGroup } from './memory-group.js';
import { Positions } from './positions.js';

/** A member of a group in memory. */
export class MemoryGroupConsumer implements GroupConsumer, GroupMember {
  readonly topics: readonly string[];
  readonly isRejoining = false;
  readonly findsTimes = true;
  readonly #cluster: MemoryCluster;
  readonly #clock: Clock;
  readonly #group: MemoryGroup;
  readonly #positions: Positions;
  #listener: GroupListener | undefined;

  constructor(cluster: MemoryCluster, clock: Clock, { groupId, topics }: GroupConsumerOptions) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#group = cluster.group(groupId);
    this.#positions = new Positions(cluster, clock);
    this.topics = topics;
  }

  async connect(listener: GroupListener): Promise<void> {
    for (const topic of this.topics) this.#cluster.requirePartitionCount(topic);
    this.#listener = listener;
    this.#positions.connect(listener);
    this.#positions.later(() => {
      this.#group.join(this);
    });
  }

  async poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    return this.#positions.poll(maxRecords);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedPosition[]> {
    return partitions.map((place) => this.#group.committed(place));
  }

  async logRange(place: TopicPartition): Promise<LogRange> {
    return this.#cluster.log(place).range;
  }

  knownEnd(place: TopicPartition): number | undefined {
    return this.#positions.at(place) === undefined ? undefined : this.#cluster.log(place).range.highOffset;
  }

  async partitionCount(topic: string): Promise<number> {
    return this.#cluster.requirePartitionCount(topic);
  }

  async offsetForTime(place: TopicPartition, timestampMs: number): Promise<number | undefined> {
    return this.#cluster.log(place).offsetForTime(timestampMs);
  }

  logIdentity(place: TopicPartition): string {
    return `memory/${keyOf(place)}`;
  }

  assign(starts: readonly StartPosition[]): void {
    for (const start of starts) {
      if (this.#group.isOf(this, start)) this.#positions.begin(start);
    }
    this.#positions.wake();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#positions.end(place);
    this.#positions.later(() => {
      this.#group.letGo(this, partitions);
    });
  }

  async seek(start: StartPosition): Promise<void> {
    await delay(this.#clock, 0);
    const position = this.#positions.at(start);
    if (position === undefined)
      throw tenantryError('BROKER_UNREACHABLE', `${keyOf(start)} is not assigned, so it cannot be moved`);
    position.moveTo(start.offset);
    this.#positions.wake();
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    const result = this.#group.commit(request, this);
    await delay(this.#clock, 0);
    return result;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#positions.at(place)?.pause();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#positions.at(place)?.resume();
    this.#positions.wake();
  }

  async disconnect(): Promise<void> {
    this.#positions.disconnect();
    this.#listener = undefined;
    this.#group.leave(this);
  }

  tellAssigned(partitions: readonly TopicPartition[]): void {
    this.#positions.later(() => this.#listener?.onAssigned(partitions));
  }

  tellRevoked(partitions: readonly TopicPartition[]): void {
    this.#positions.later(() => this.#listener?.onRevoked(partitions, false));
  }
}
