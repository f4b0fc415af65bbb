import type { CommitRequest, CommitResult, CommittedPosition, TopicPartition } from '../../transport/port.js';
import type { MemoryLog } from './memory-log.js';

/** What a group knows of topics. */
export interface GroupTopics {
  partitionCount(topic: string): number | undefined;
  log(place: TopicPartition): MemoryLog;
}

/** What a group asks of a member. */
export interface GroupMember {
  readonly topics: readonly string[];
  tellAssigned(partitions: readonly TopicPartition[]): void;
  tellRevoked(partitions: readonly TopicPartition[]): void;
}

/** As brokers have it by default. */
const MAX_METADATA_BYTES = 4_096;

/** A consumer group: its partitions are shared out evenly, and each goes to its next owner once the one before lets go. */
export class MemoryGroup {
  readonly #topics: GroupTopics;
  readonly #members = new Set<GroupMember>();
  readonly #owners = new Map<string, GroupMember>();
  /** Partitions whose owner is asked to let go of them. */
  readonly #leaving = new Set<string>();
  readonly #commits = new Map<string, CommitRequest>();

  constructor(topics: GroupTopics) {
    this.#topics = topics;
  }

  get hasMembers(): boolean {
    return this.#members.size > 0;
  }

  join(member: GroupMember): void {
    this.#members.add(member);
    if (!this.#balance().has(member)) member.tellAssigned([]);
  }

  leave(member: GroupMember): void {
    this.#members.delete(member);
    for (const [key, owner] of this.#owners) if (owner === member) this.#free(key);
    this.#balance();
  }

  letGo(member: GroupMember, places: readonly TopicPartition[]): void {
    for (const place of places) if (this.#owners.get(keyOf(place)) === member) this.#free(keyOf(place));
    this.#balance();
  }

  /** Whether a partition is a member's, and to remain so. */
  isOf(member: GroupMember, place: TopicPartition): boolean {
    return this.#owners.get(keyOf(place)) === member && !this.#leaving.has(keyOf(place));
  }

  committed({ topic, partition }: TopicPartition): CommittedPosition {
    const { offset, metadata = '', leaderEpoch } = this.#commits.get(keyOf({ topic, partition })) ?? {};
    return { topic, partition, offset, metadata, leaderEpoch };
  }

  /** @param member - who commits; undefined where it is somebody from outside */
  commit(request: CommitRequest, member: GroupMember | undefined): CommitResult {
    if (this.#owners.get(keyOf(request)) !== member) return refused('Broker: Unknown member');
    if (Buffer.byteLength(request.metadata) > MAX_METADATA_BYTES)
      return { ...refused('Broker: Offset metadata string too large'), metadataTooLarge: true };
    if (!this.#topics.log(request).knowsEpoch(request.leaderEpoch)) return refused('Broker: Unknown leader epoch');
    this.#commits.set(keyOf(request), request);
    return { ok: true };
  }

  /** @returns who was given something */
  #balance(): ReadonlySet<GroupMember> {
    const assigned = new Map<GroupMember, TopicPartition[]>();
    const revoked = new Map<GroupMember, TopicPartition[]>();
    for (const [place, target] of this.#targets()) {
      const key = keyOf(place);
      const owner = this.#owners.get(key);
      if (owner === undefined) {
        this.#owners.set(key, target);
        assigned.set(target, [...(assigned.get(target) ?? []), place]);
      } else if (owner !== target && !this.#leaving.has(key)) {
        this.#leaving.add(key);
        revoked.set(owner, [...(revoked.get(owner) ?? []), place]);
      }
    }
    for (const [member, places] of revoked) member.tellRevoked(places);
    for (const [member, places] of assigned) member.tellAssigned(places);
    return new Set(assigned.keys());
  }

  *#targets(): Iterable<[TopicPartition, GroupMember]> {
    const topics = new Set([...this.#members].flatMap((member) => member.topics));
    for (const topic of topics) {
      const members = [...this.#members].filter((member) => member.topics.includes(topic));
      for (let partition = 0; partition < (this.#topics.partitionCount(topic) ?? 0); partition += 1) {
        const target = members[partition % members.length];
        if (target !== undefined) yield [{ topic, partition }, target];
      }
    }
  }

  #free(key: string): void {
    this.#owners.delete(key);
    this.#leaving.delete(key);
  }
}

function refused(reason: string): CommitResult & { readonly ok: false } {
  return { ok: false, reason, metadataTooLarge: false };
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
