// The bridge in the other direction, for as long as you may want to go back: what is published anew is written to the
// old topic too, so that its consumers miss nothing.
import type { RdKafka } from '@confluentinc/kafka-javascript';
import type { EventOf } from 'tenantry';
import type { OrderPlaced } from './contract.js';
import { BACK_HEADER } from './old-topic.js';
import { oldPlaceOf } from './translate.js';

type OldProducer = Pick<RdKafka.Producer, 'produce' | 'on'>;

/**
 * A handler that writes events to the old topic, but for those that came from there, and returns once the broker has
 * acknowledged it. The bridge passes over what has the header, or each would come back as another event.
 *
 * @param producer - connected, with `dr_cb: true` and `enable.idempotence: true`, and polled: `setPollInterval`. With
 * the partitioner of the old producers (`murmur2_random` is that of the Java client and of kafkajs; librdkafka has
 * another one by default), or the records of a key would lie in two partitions, without an order
 */
export function writeBack(producer: OldProducer, topic: string): (event: EventOf<typeof OrderPlaced>) => Promise<void> {
  producer.on('delivery-report', (error, { opaque }) => {
    (opaque as (error: Pick<Error, 'message'> | null | undefined) => void)(error);
  });
  return async ({ id, tenantId, data }) => {
    if (oldPlaceOf(id) !== undefined) return;
    const value = { customer: tenantId, order: data.orderId, total: (data.totalCents / 100).toFixed(2) };
    await new Promise<void>((resolve, reject) => {
      const settle = (error: Pick<Error, 'message'> | null | undefined): void => {
        if (error) reject(new Error(error.message));
        else resolve();
      };
      producer.produce(topic, -1, Buffer.from(JSON.stringify(value)), data.orderId, Date.now(), settle, [
        { [BACK_HEADER]: id },
      ]);
    });
  };
}
