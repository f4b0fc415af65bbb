import { delay, type Timer } from '../../src/core/clock.js';
import { tenantryError } from '../../src/core/errors.js';
import { recordSizeBytes, type OutgoingRecord } from '../../src/record/wire-record.js';
import type { Delivery, DeliveryFailure, RecordProducer } from '../../src/transport/port.js';
import type { FakeKafka } from './fake-kafka.js';

/** A record that was taken and not reported on. */
export interface InFlight {
  readonly record: OutgoingRecord;
  /** Reports it; without an argument as written to its log. */
  readonly report: (delivery?: Delivery) => void;
}

const TIMED_OUT: DeliveryFailure = { kind: 'unknown', reason: 'Local: Message timed out' };

/** A producer of a fake cluster. */
export class FakeProducer implements RecordProducer {
  /** Every record that was taken, in the order it was handed over. */
  readonly taken: OutgoingRecord[] = [];
  readonly inFlight = new Set<InFlight>();
  /** Whether a test reports on records by itself. */
  manual = false;
  connected = false;
  disconnected = false;
  mostInFlight = 0;
  mostBytesInFlight = 0;
  #bytesInFlight = 0;
  #killed = false;
  readonly #kafka: FakeKafka;

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka;
  }

  async connect(): Promise<void> {
    const error = this.#kafka.faults.connect();
    if (error !== undefined) throw error;
    this.connected = true;
  }

  partitionCount(topic: string): number | Promise<number> {
    const delayMs = this.#kafka.delays.metadata(topic);
    if (delayMs !== undefined) return delay(this.#kafka.clock, delayMs).then(() => this.#countNow(topic));
    const known = this.#kafka.partitions(topic);
    return known === undefined ? Promise.resolve().then(() => this.#countNow(topic)) : known.length;
  }

  produce(given: OutgoingRecord, onDelivery: (delivery: Delivery) => void): boolean {
    if (this.#killed) return true;
    const fault = this.#kafka.faults.produce(given);
    if (fault === 'queue-full') return false;
    const record = copyOf(given);
    this.taken.push(record);
    const bytes = recordSizeBytes(record);
    const answer: { timer?: Timer } = {};
    const inFlight: InFlight = {
      record,
      report: (delivery) => {
        answer.timer?.cancel();
        if (this.#killed || !this.inFlight.delete(inFlight)) return;
        this.#bytesInFlight -= bytes;
        onDelivery(delivery ?? this.#write(record));
      },
    };
    this.inFlight.add(inFlight);
    this.#bytesInFlight += bytes;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size);
    this.mostBytesInFlight = Math.max(this.mostBytesInFlight, this.#bytesInFlight);
    if (this.manual) return true;
    const { clock, delays } = this.#kafka;
    const answerMs = fault === 'never' ? delays.deliveryTimeout : delays.delivery(record);
    const failure = fault === 'never' ? TIMED_OUT : fault;
    answer.timer = clock.setTimer(answerMs, () => {
      inFlight.report(failure && { failure });
    });
    return true;
  }

  async disconnect(timeoutMs: number): Promise<void> {
    this.disconnected = true;
    const { clock } = this.#kafka;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (this.inFlight.size > 0 && clock.monotonicMs() < deadlineMs) await delay(clock, 10);
    for (const { report } of [...this.inFlight]) {
      report({ failure: { kind: 'unknown', reason: 'the producer was disconnected' } });
    }
  }

  kill(): void {
    this.#killed = true;
    this.inFlight.clear();
  }

  #write(record: OutgoingRecord): Delivery {
    if (this.#kafka.partitions(record.topic) === undefined) {
      return { failure: { kind: 'failed', reason: 'Broker: Unknown topic or partition' } };
    }
    const { partition, offset } = this.#kafka.append(record);
    return { partition, offset };
  }

  #countNow(topic: string): number {
    const logs = this.#kafka.partitions(topic);
    if (logs === undefined) throw tenantryError('TOPIC_NOT_FOUND', `${topic}: does not exist`, { topics: [topic] });
    return logs.length;
  }
}

/** A caller may write over the bytes of what was taken. */
function copyOf(record: OutgoingRecord): OutgoingRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map((header) => ({ name: header.name, value: Buffer.from(header.value) })),
  };
}
