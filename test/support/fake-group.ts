import type { CommitRequest, CommitResult, CommittedPosition, TopicPartition } from '../../src/transport/port.js';
import type { FakeGroupConsumer } from './fake-group-consumer.js';
import type { FakeKafka, KeptCommit } from './fake-kafka.js';

/** A consumer group of a fake cluster. A partition goes to its next owner once the one before has let go of it. */
export class FakeGroup {
  readonly groupId: string;
  readonly members = new Set<FakeGroupConsumer>();
  readonly commits = new Map<string, KeptCommit>();
  readonly #kafka: FakeKafka;
  readonly #owners = new Map<string, FakeGroupConsumer>();
  /** Partitions whose owner is asked to let go of them. */
  readonly #leaving = new Set<string>();
  readonly #wanted = new Map<string, { readonly place: TopicPartition; readonly member: FakeGroupConsumer }>();

  constructor(kafka: FakeKafka, groupId: string) {
    this.#kafka = kafka;
    this.groupId = groupId;
  }

  /** Gives every partition of the members' topics to the members in turn. */
  balance(): void {
    const members = [...this.members];
    if (members.length === 0) return;
    const topics = new Set(members.flatMap((member) => member.topics));
    let turn = 0;
    for (const topic of topics) {
      for (const { partition } of this.#kafka.partitions(topic) ?? []) {
        const member = members[turn++ % members.length];
        if (member !== undefined) this.give({ topic, partition }, member);
      }
    }
  }

  /** Moves a partition to a member, by way of its owner's revocation. */
  give(place: TopicPartition, member: FakeGroupConsumer): void {
    const key = keyOf(place);
    const owner = this.#owners.get(key);
    if (owner === member && !this.#leaving.has(key)) return;
    this.#wanted.set(key, { place, member });
    if (owner === undefined) {
      this.#assignFree();
    } else if (!this.#leaving.has(key)) {
      this.#leaving.add(key);
      owner.tellRevoked([place], false);
    }
  }

  /** A member loses its partitions at once, as after a missed session; another member may have them. */
  lose(member: FakeGroupConsumer, next: FakeGroupConsumer | undefined): void {
    const lost = this.placesOf(member);
    for (const place of lost) {
      this.#free(keyOf(place));
      if (next !== undefined) this.#wanted.set(keyOf(place), { place, member: next });
    }
    if (lost.length > 0) member.tellRevoked(lost, true);
    this.#assignFree();
  }

  placesOf(member: FakeGroupConsumer): TopicPartition[] {
    return [...this.#owners].filter(([, owner]) => owner === member).map(([key]) => placeOf(key));
  }

  owns(member: FakeGroupConsumer, place: TopicPartition): boolean {
    return this.#owners.get(keyOf(place)) === member;
  }

  join(member: FakeGroupConsumer): void {
    this.members.add(member);
    if (this.members.size === 1) this.balance();
  }

  leave(member: FakeGroupConsumer): void {
    this.members.delete(member);
    for (const [key, owner] of this.#owners) if (owner === member) this.#free(key);
    for (const [key, { member: next }] of this.#wanted) if (next === member) this.#wanted.delete(key);
    this.#assignFree();
  }

  letGo(member: FakeGroupConsumer, places: readonly TopicPartition[]): void {
    for (const place of places) if (this.owns(member, place)) this.#free(keyOf(place));
    this.#assignFree();
  }

  committed({ topic, partition }: TopicPartition): CommittedPosition {
    const kept = this.commits.get(keyOf({ topic, partition }));
    return {
      topic,
      partition,
      offset: kept?.offset,
      metadata: kept?.metadata ?? '',
      leaderEpoch: kept?.leaderEpoch,
    };
  }

  commit(request: CommitRequest, member: FakeGroupConsumer): CommitResult {
    if (!this.owns(member, request)) return refused('Broker: Unknown member');
    if (request.metadata.length > this.#kafka.maxMetadataCharacters) {
      return { ok: false, reason: 'Broker: Offset metadata string too large', metadataTooLarge: true };
    }
    const fault = this.#kafka.faults.commit(request);
    if (fault === 'refuse') return refused('Broker: Coordinator load in progress');
    const kept = { ...request, member: member.name };
    this.commits.set(keyOf(request), kept);
    this.#kafka.onCommit(kept, this.groupId);
    return fault === 'lose-answer' ? refused('Local: Timed out') : { ok: true };
  }

  /** A commit from outside, of a group without members. */
  set(request: CommitRequest): void {
    if (this.#kafka.faults.commit(request) === undefined) this.commits.set(keyOf(request), { ...request, member: '' });
  }

  wake(topic: string, partition: number): void {
    this.#owners.get(keyOf({ topic, partition }))?.wake();
  }

  #free(key: string): void {
    this.#owners.delete(key);
    this.#leaving.delete(key);
  }

  #assignFree(): void {
    const assigned = new Map<FakeGroupConsumer, TopicPartition[]>();
    for (const [key, { place, member }] of this.#wanted) {
      if (this.#owners.has(key)) continue;
      this.#wanted.delete(key);
      this.#owners.set(key, member);
      assigned.set(member, [...(assigned.get(member) ?? []), place]);
    }
    for (const [member, places] of assigned) member.tellAssigned(places);
  }
}

function refused(reason: string): CommitResult {
  return { ok: false, reason, metadataTooLarge: false };
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function placeOf(key: string): TopicPartition {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}
