import { delay } from '../../src/core/clock.js';
import type { ReceivedRecord } from '../../src/record/wire-record.js';
import type { PartitionReader, ReaderListener, StartPosition, TopicPartition } from '../../src/transport/port.js';
import type { FakeKafka } from './fake-kafka.js';
import { LogCursor } from './log-cursor.js';

/** A reader beside a group, on a fake cluster. */
export class FakeReader implements PartitionReader {
  polls = 0;
  /** Where it was told to read, in order. */
  readonly reads: StartPosition[] = [];
  disconnected = false;
  readonly #kafka: FakeKafka;
  readonly #cursors = new Map<string, LogCursor>();
  #listener: ReaderListener | undefined;
  #isPolling = false;
  #killed = false;
  #isDead = false;

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka;
  }

  async connect(listener: ReaderListener): Promise<void> {
    const error = this.#kafka.faults.connect();
    if (error !== undefined) throw error;
    this.#listener = listener;
    await Promise.resolve();
  }

  async poll(maxRecords: number): Promise<readonly ReceivedRecord[]> {
    if (this.#killed) return new Promise(() => undefined);
    this.polls += 1;
    if (this.#isDead) return [];
    this.#isPolling = true;
    const records: ReceivedRecord[] = [];
    const cursors = this.#kafka.faults.holdBack('reader') ? [] : this.#cursors.values();
    for (const cursor of cursors) {
      const found = cursor.read(this.#kafka, maxRecords - records.length, records);
      if (found === 'end') this.#listener?.onEnd(cursor.place, cursor.position);
      if (found === 'out-of-range') this.#later(() => this.#listener?.onError(OUT_OF_RANGE));
    }
    await Promise.resolve();
    this.#isPolling = false;
    return records;
  }

  async read(position: StartPosition): Promise<void> {
    if (this.#isPolling) this.#kafka.misuses.push('a reader was moved while it was polled');
    await delay(this.#kafka.clock, this.#kafka.delays.lookup);
    if (this.#killed) await new Promise(() => undefined);
    if (this.#kafka.faults.seek()) throw new Error('Local: Timed out');
    if (this.#isDead) throw new Error('Local: Fatal error');
    const { topic, partition, offset } = position;
    this.reads.push(position);
    if (!this.#kafka.operationsOn(topic).has('read')) {
      this.#later(() => this.#listener?.onError(DENIED));
      return;
    }
    this.#cursors.set(keyOf(position), new LogCursor({ topic, partition }, offset));
    this.wake();
  }

  leave(partition: TopicPartition): void {
    if (this.#isDead && !this.disconnected) throw new Error('Local: Fatal error');
    if (this.#isPolling) this.#kafka.misuses.push('a reader left a partition while it was polled');
    this.#cursors.delete(keyOf(partition));
  }

  async disconnect(): Promise<void> {
    this.disconnected = true;
    this.#cursors.clear();
    await Promise.resolve();
  }

  /** Its client has a fatal error, and does nothing any more but tell of it. */
  die(): void {
    this.#isDead = true;
    this.#later(() => this.#listener?.onError({ kind: 'fatal', reason: 'Local: Fatal error' }));
  }

  kill(): void {
    this.#killed = true;
    this.#listener = undefined;
    this.#cursors.clear();
  }

  wake(): void {
    this.#later(() => this.#listener?.onReadable());
  }

  #later(work: () => void): void {
    this.#kafka.clock.setTimer(0, () => {
      if (!this.#killed) work();
    });
  }
}

const DENIED = { kind: 'fatal', reason: 'Broker: Topic authorization failed' } as const;
const OUT_OF_RANGE = { kind: 'out-of-range', reason: 'Broker: Offset out of range' } as const;

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
