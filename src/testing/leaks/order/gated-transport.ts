import type { OutgoingRecord } from '../../../record/wire-record.js';
import type { RecordProducer, Transport } from '../../../transport/port.js';
import type { Interleaving } from './interleaving.js';

/** What is done with the records that a client writes. */
export interface ProducerGate {
  readonly interleaving: Interleaving;
  /** Whether it is written by the handlers, and not by the library. */
  readonly isPublish: (record: OutgoingRecord) => boolean;
  /** Whether it fails, of those that handlers write. */
  readonly fails: () => boolean;
  readonly onWrite: (record: OutgoingRecord) => void;
}

/** A transport whose publishes are answered when it is their turn, and of which some fail. */
export function gatedTransport(transport: Transport, gate: ProducerGate): Transport {
  return { ...transport, createProducer: () => gatedProducer(transport.createProducer(), gate) };
}

function gatedProducer(producer: RecordProducer, gate: ProducerGate): RecordProducer {
  return {
    connect: () => producer.connect(),
    partitionCount: (topic) => producer.partitionCount(topic),
    disconnect: (timeoutMs) => producer.disconnect(timeoutMs),
    produce: (record, onDelivery) => {
      if (!gate.isPublish(record)) {
        gate.onWrite(record);
        return producer.produce(record, onDelivery);
      }
      const answer: typeof onDelivery = (delivery) => {
        gate.interleaving.hold(() => {
          onDelivery(delivery);
        });
      };
      if (gate.fails()) {
        answer({ failure: { kind: 'failed', reason: 'failed on purpose by findTenantLeaks' } });
        return true;
      }
      gate.onWrite(record);
      return producer.produce(record, answer);
    },
  };
}
