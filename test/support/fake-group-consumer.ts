import { delay } from '../../src/core/clock.js';
import type { ReceivedRecord } from '../../src/record/wire-record.js';
import type {
  CommitRequest,
  CommitResult,
  CommittedPosition,
  ConsumerFault,
  GroupConsumer,
  GroupConsumerOptions,
  GroupListener,
  LogRange,
  StartPosition,
  TopicPartition,
} from '../../src/transport/port.js';
import type { FakeGroup } from './fake-group.js';
import type { FakeKafka } from './fake-kafka.js';
import { LogCursor } from './log-cursor.js';

interface Answer {
  readonly atMs: number;
  readonly settle: () => void;
  readonly giveUp: () => void;
}

const COMMIT_TIMEOUT_MS = 10_000;
let members = 0;

/** A member of a fake group. Answers to commits arrive only while it is polled, as with the native client. */
export class FakeGroupConsumer implements GroupConsumer {
  readonly name: string;
  readonly topics: readonly string[];
  /** How many records each poll asked for. */
  readonly asked: number[] = [];
  polls = 0;
  disconnected = false;
  isRejoining = false;
  findsTimes = true;
  readonly #kafka: FakeKafka;
  readonly #group: FakeGroup;
  readonly #readers = new Map<string, LogCursor>();
  readonly #answers: Answer[] = [];
  /** Revocations that are not answered yet; true where the partitions are gone already. */
  readonly #revocations: boolean[] = [];
  readonly #letGo = new Set<string>();
  /** What it has read, where a partition was taken away and it has not answered yet. */
  readonly #lost = new Map<string, LogCursor>();
  #listener: GroupListener | undefined;
  #killed = false;
  #isPolling = false;

  constructor(kafka: FakeKafka, group: FakeGroup, options: GroupConsumerOptions) {
    members += 1;
    this.name = `member-${members}`;
    this.topics = options.topics;
    this.#kafka = kafka;
    this.#group = group;
  }

  /** The partitions that are not read at present. */
  get paused(): readonly TopicPartition[] {
    return [...this.#readers.values()].filter(({ paused }) => paused).map(({ place }) => place);
  }

  /** Whether it has given a partition back, and not been given it again. */
  hasLetGo(place: TopicPartition): boolean {
    return this.#letGo.has(keyOf(place));
  }

  /** Up to where it has read a partition that it has not let go of; undefined where it has read nothing. */
  position(place: TopicPartition): number | undefined {
    return (this.#readers.get(keyOf(place)) ?? this.#lost.get(keyOf(place)))?.position;
  }

  async connect(listener: GroupListener): Promise<void> {
    const error = this.#kafka.faults.connect();
    if (error !== undefined) throw error;
    this.#listener = listener;
    this.#later(() => {
      this.#group.join(this);
    });
  }

  async poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    if (this.#killed) return new Promise(() => undefined);
    this.polls += 1;
    this.asked.push(maxRecords);
    const nowMs = this.#kafka.clock.monotonicMs();
    for (const answer of this.#answers.filter(({ atMs }) => atMs <= nowMs)) {
      this.#answers.splice(this.#answers.indexOf(answer), 1);
      answer.settle();
    }
    const records: ReceivedRecord[] = [];
    this.#isPolling = true;
    const readers = this.#kafka.faults.holdBack('group') ? [] : [...this.#readers.values()];
    for (const reader of readers) this.#readFrom(reader, maxRecords, records);
    await Promise.resolve();
    this.#isPolling = false;
    return records;
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedPosition[]> {
    await this.#lookup();
    return partitions.map((place) => this.#group.committed(place));
  }

  async logRange({ topic, partition }: TopicPartition): Promise<LogRange> {
    await this.#lookup();
    return this.#kafka.log(topic, partition).range;
  }

  knownEnd({ topic, partition }: TopicPartition): number | undefined {
    if (!this.#readers.has(keyOf({ topic, partition })) || this.polls === 0) return undefined;
    return this.#kafka.log(topic, partition).range.highOffset;
  }

  async partitionCount(topic: string): Promise<number> {
    await this.#lookup();
    return this.#kafka.partitions(topic)?.length ?? 0;
  }

  async offsetForTime({ topic, partition }: TopicPartition, timestampMs: number): Promise<number | undefined> {
    await this.#lookup();
    return this.#kafka.log(topic, partition).records.find((record) => record.timestampMs >= timestampMs)?.offset;
  }

  logIdentity(place: TopicPartition): string {
    return this.#kafka.logIdentity(place);
  }

  assign(positions: readonly StartPosition[]): void {
    if (this.#killed) return;
    for (const { topic, partition, offset } of positions) {
      const place = { topic, partition };
      // The native client resumes what it is newly assigned.
      this.#readers.set(keyOf(place), new LogCursor(place, offset));
      this.#letGo.delete(keyOf(place));
      this.#kafka.onAssign(this, place);
    }
    this.wake();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    if (this.#killed) return;
    const wasLost = this.#revocations.shift() === true;
    for (const place of partitions) {
      this.#readers.delete(keyOf(place));
      this.#lost.delete(keyOf(place));
      // What was lost may be this member's again, and that is told already.
      if (!wasLost || !this.#group.owns(this, place)) this.#letGo.add(keyOf(place));
    }
    if (wasLost) return;
    this.#later(() => {
      this.#group.letGo(this, partitions);
    });
  }

  async seek({ topic, partition, offset }: StartPosition): Promise<void> {
    await this.#lookup();
    if (this.#kafka.faults.seek()) throw new Error('Local: Timed out');
    const reader = this.#readers.get(keyOf({ topic, partition }));
    if (reader === undefined) throw new Error('Local: Erroneous state');
    if (this.#isPolling) this.#kafka.misuses.push('a position was moved while it was polled');
    reader.moveTo(offset);
    this.wake();
  }

  commit(request: CommitRequest): Promise<CommitResult> {
    if (this.#killed) return new Promise(() => undefined);
    this.#checkCommit(request);
    const { clock, delays } = this.#kafka;
    return new Promise((resolve) => {
      const timer = clock.setTimer(COMMIT_TIMEOUT_MS, () => {
        resolve({ ok: false, reason: 'no answer in time', metadataTooLarge: false });
      });
      const result = this.#group.commit(request, this);
      this.#answers.push({
        atMs: clock.monotonicMs() + delays.commit,
        settle: () => {
          timer.cancel();
          resolve(result);
        },
        giveUp: () => {
          timer.cancel();
          resolve({ ok: false, reason: 'the consumer was disconnected', metadataTooLarge: false });
        },
      });
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false);
    this.wake();
  }

  async disconnect(): Promise<void> {
    this.disconnected = true;
    this.#readers.clear();
    for (const { giveUp } of this.#answers.splice(0)) giveUp();
    this.#group.leave(this);
    await Promise.resolve();
  }

  kill(): void {
    this.#killed = true;
    this.#listener = undefined;
    this.#readers.clear();
    this.#group.leave(this);
  }

  wake(): void {
    this.#later(() => this.#listener?.onReadable());
  }

  fail(fault: ConsumerFault): void {
    this.#later(() => this.#listener?.onError(fault));
  }

  tellAssigned(partitions: readonly TopicPartition[]): void {
    this.#later(() => {
      // It is this member's again, also before the answer: its start is committed first.
      for (const place of partitions) this.#letGo.delete(keyOf(place));
      this.#listener?.onAssigned(partitions);
    });
  }

  tellRevoked(partitions: readonly TopicPartition[], lost: boolean): void {
    if (lost) {
      for (const place of partitions) {
        const reader = this.#readers.get(keyOf(place));
        if (reader !== undefined) this.#lost.set(keyOf(place), reader);
        this.#readers.delete(keyOf(place));
      }
      this.#revocations.fill(true);
    }
    this.#revocations.push(lost);
    this.#later(() => this.#listener?.onRevoked(partitions, lost));
  }

  #readFrom(reader: LogCursor, maxRecords: number, into: ReceivedRecord[]): void {
    const found = reader.read(this.#kafka, maxRecords - into.length, into);
    if (found === 'end') this.#listener?.onEnd(reader.place, reader.position);
    if (found === 'out-of-range') this.fail({ kind: 'out-of-range', reason: 'Broker: Offset out of range' });
  }

  #setPaused(partitions: readonly TopicPartition[], paused: boolean): void {
    if (this.#isPolling) this.#kafka.misuses.push('a partition was paused or resumed while it was polled');
    for (const { topic, partition } of partitions) {
      const reader = this.#readers.get(keyOf({ topic, partition }));
      if (reader !== undefined) reader.paused = paused;
    }
  }

  /** No commit of a partition once its unassign was called. */
  #checkCommit(request: CommitRequest): void {
    if (this.#letGo.has(keyOf(request)) && !this.#group.owns(this, request))
      this.#kafka.misuses.push(`commit of ${request.topic}/${request.partition} after it was let go`);
  }

  async #lookup(): Promise<void> {
    await delay(this.#kafka.clock, this.#kafka.delays.lookup);
    if (this.#killed) await new Promise(() => undefined);
    if (this.#kafka.faults.lookup()) throw new Error('Local: Timed out');
  }

  /** As from the event loop, never from within a call. */
  #later(work: () => void): void {
    this.#kafka.clock.setTimer(0, () => {
      if (!this.#killed) work();
    });
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
