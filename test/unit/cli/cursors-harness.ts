import {
  encodeMetadata,
  logHash,
  type RecordedNotes,
  type RecordedProgress,
} from '../../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf, type Owner } from '../../../src/consumer/ledger/record-owner.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import type { FakeGroup } from '../../support/fake-group.js';
import { useTransport } from '../../support/client-transport.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { runAsking, type Run } from './run.js';

export const GROUP = '_shared.order-processor';

/** A group on a fake cluster with 100 records in `orders/0`, 1 s apart, and none in `orders/1`. */
export class CursorsHarness {
  readonly kafka = new FakeKafka(new VirtualClock());
  readonly group: FakeGroup = this.kafka.group(GROUP);
  /** What the person at the terminal says; undefined where there is none. */
  answer: ((question: string) => Promise<boolean>) | undefined;

  constructor() {
    this.kafka.createTopic('orders', 2);
    for (let i = 0; i < 100; i++) {
      const record = { topic: 'orders', partition: 0, key: null, value: Buffer.from('hunter2'), headers: [] };
      this.kafka.append({ ...record, timestampMs: i * 1_000 });
    }
    useTransport(this.kafka.transport());
  }

  cursors(...args: string[]): Promise<Run> {
    return runAsking(this.answer, 'cursors', ...args, '--brokers', 'localhost:9092');
  }

  commit(offset: number, metadata: string, partition = 0): void {
    this.group.set({ topic: 'orders', partition, offset, metadata, leaderEpoch: 3 });
  }

  committed(partition = 0): { offset: number | undefined; metadata: string } {
    const { offset, metadata } = this.group.committed({ topic: 'orders', partition });
    return { offset, metadata };
  }
}

/** Metadata of a group in the middle of its work: the watermark is 20, the head 60. */
export function metadataOf(
  progress: Partial<RecordedProgress> = {},
  notes: RecordedNotes = {},
  place = 'orders/0',
): string {
  const whole = {
    watermark: 20,
    head: 60,
    cursors: [
      { fingerprint: fingerprintOf('globex'), offset: 30 },
      { fingerprint: fingerprintOf('acme'), offset: 25 },
    ],
    taken: [
      { start: 20, length: 1 },
      { start: 40, length: 3 },
    ],
    ...progress,
  };
  return encodeMetadata(whole, logHash(`/${place}`), 4_000, notes).text;
}

export const NOTES: RecordedNotes = {
  beganAtMs: Date.UTC(2026, 10, 28),
  controlOffset: 7,
  replays: [{ owner: 'initech' as Owner, until: 10, resume: 25 }],
  skips: [{ owner: 'hooli' as Owner, until: 90 }],
};
