import confluent from '@confluentinc/kafka-javascript';
import kafkajs from 'kafkajs';

/**
 * The plain client, with its own defaults.
 * @param {import('./workload.mjs').Workload} workload
 */
export function plainProducer({ client, brokers }) {
  if (client === 'kafkajs') return new kafkajs.Kafka({ brokers, clientId: 'bench', logLevel: 1 }).producer();
  return new confluent.KafkaJS.Kafka({
    kafkaJS: { brokers, clientId: 'bench', logLevel: confluent.KafkaJS.logLevel.ERROR },
  }).producer();
}

/**
 * @typedef {object} Listener
 * @property {() => void} onAssigned the group has given out its partitions
 * @property {(payload: { partition: number, message: { key?: unknown, value: unknown } }) => Promise<void>} onMessage
 */

/**
 * Joins the group and has `onMessage` called for every message from the beginning.
 * @param {Pick<import('./workload.mjs').Workload, 'client' | 'brokers' | 'topic' | 'group'>} workload
 * @param {Listener} listener
 * @param {number} [partitionsConsumedConcurrently]
 */
export async function consumePlain(
  { client, brokers, topic, group },
  { onAssigned, onMessage },
  partitionsConsumedConcurrently = 1,
) {
  if (client === 'kafkajs') {
    const consumer = new kafkajs.Kafka({ brokers, clientId: 'bench', logLevel: 1 }).consumer({ groupId: group });
    consumer.on(consumer.events.GROUP_JOIN, onAssigned);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ partitionsConsumedConcurrently, eachMessage: onMessage });
    return;
  }
  const consumer = new confluent.KafkaJS.Kafka({
    kafkaJS: { brokers, clientId: 'bench', logLevel: confluent.KafkaJS.logLevel.ERROR },
  }).consumer({ kafkaJS: { groupId: group, fromBeginning: true }, rebalance_cb: onAssigned });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ partitionsConsumedConcurrently, eachMessage: onMessage });
}
