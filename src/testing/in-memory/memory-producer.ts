import { delay, type Clock, type Timer } from '../../core/clock.js';
import { tenantryError } from '../../core/errors.js';
import type { OutgoingRecord } from '../../record/wire-record.js';
import type { Delivery, RecordProducer } from '../../transport/port.js';
import type { MemoryCluster } from './memory-cluster.js';

const DISCONNECTED: Delivery = { failure: { kind: 'failed', reason: 'the producer is disconnected' } };
const WAIT_MS = 5;
const FOR_EVER_MS = 2_147_483_647;

/** Writes into memory. While it is connected the process does not end by itself, as with the native client. */
export class MemoryProducer implements RecordProducer {
  readonly #cluster: MemoryCluster;
  readonly #clock: Clock;
  #inFlight = 0;
  #isDisconnected = false;
  #keepAlive: Timer | undefined;

  constructor(cluster: MemoryCluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  async connect(): Promise<void> {
    if (this.#isDisconnected) throw tenantryError('NOT_RUNNING', 'the producer was disconnected');
    this.#keepAlive ??= this.#clock.setTimer(FOR_EVER_MS, () => undefined, { keepAlive: true });
  }

  partitionCount(topic: string): number | Promise<number> {
    return this.#cluster.partitionCount(topic) ?? this.#refuse(topic);
  }

  produce(record: OutgoingRecord, onDelivery: (delivery: Delivery) => void): boolean {
    const answer = this.#isDisconnected ? DISCONNECTED : this.#write(record);
    this.#inFlight += 1;
    const report = (): void => {
      this.#inFlight -= 1;
      onDelivery(answer);
    };
    this.#clock.setTimer(0, report, { keepAlive: true });
    return true;
  }

  async disconnect(timeoutMs: number): Promise<void> {
    this.#isDisconnected = true;
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs;
    while (this.#inFlight > 0 && this.#clock.monotonicMs() < deadlineMs) await delay(this.#clock, WAIT_MS);
    this.#keepAlive?.cancel();
  }

  #write(record: OutgoingRecord): Delivery {
    const written = this.#cluster.append(record, this.#clock.nowMs());
    if ('kind' in written) return { failure: written };
    return { partition: written.partition, offset: written.offset };
  }

  async #refuse(topic: string): Promise<number> {
    return this.#cluster.requirePartitionCount(topic);
  }
}
