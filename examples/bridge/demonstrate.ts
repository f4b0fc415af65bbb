import { randomBytes } from 'node:crypto';
import { RdKafka } from '@confluentinc/kafka-javascript';
import { envelopeEncryption, localKeyring, memoryDedupe, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { runBridge } from './bridge.js';
import { OrderPlaced } from './contract.js';
import { OldTopic } from './old-topic.js';
import { eventIdOf } from './translate.js';

const OLD = [
  { customer: 'acme', order: '42', total: '9.50' },
  { customer: 'globex', order: '42', total: '120' },
  { order: '43', total: '1' },
  { customer: 'acme', order: '42', total: '12.50' },
];

/** Bridges a few old records twice, as after a crash, and handles each once. */
export async function demonstrate(): Promise<void> {
  await using broker = await EmbeddedKafka.start();
  await writeOldRecords(broker.brokers);
  await using kafka = new TenantKafka({
    clientId: 'bridge',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32), globex: randomBytes(32) } }) }),
  });
  await kafka.admin.createTopics([OrderPlaced], { replicationFactor: 1, groups: ['billing'] });
  // Another group has committed nothing, so it bridges all of them once more.
  for (const groupId of ['bridge', 'bridge-again']) {
    const from = await OldTopic.open(broker.brokers, 'old-orders', groupId);
    await runBridge({
      from,
      to: kafka,
      batchRecords: 100,
      signal: new AbortController().signal,
      graceMs: 0,
      untilEnd: true,
      onRefused: (record, why) => {
        console.log(`refused ${eventIdOf(record)}: ${why}`);
      },
      onProgress: () => undefined,
    });
    await from.close();
  }
  await using worker = kafka
    .worker('billing', { dedupe: { store: memoryDedupe() } })
    .on(OrderPlaced, ({ tenantId, data, id }) => {
      console.log(`${tenantId} order ${data.orderId}: ${data.totalCents} cents (${id})`);
    });
  await worker.start();
  await worker.caughtUp();
  const { handled, duplicates } = worker.counts();
  console.log(`${handled} handled, ${duplicates} known already`);
}

/** By a client that knows nothing of tenants, under keys without them. */
async function writeOldRecords(brokers: readonly string[]): Promise<void> {
  const producer = new RdKafka.Producer({ 'bootstrap.servers': brokers.join(','), dr_cb: true });
  await new Promise<void>((resolve, reject) => {
    producer.connect({ timeout: 10_000 }, (error: RdKafka.LibrdKafkaError | null | undefined) => {
      if (error) reject(new Error(error.message));
      else resolve();
    });
  });
  for (const old of OLD) producer.produce('old-orders', 0, Buffer.from(JSON.stringify(old)), old.order);
  await new Promise<void>((resolve, reject) => {
    producer.flush(10_000, (error: RdKafka.LibrdKafkaError | null) => {
      if (error) reject(new Error(error.message));
      else resolve();
    });
  });
  await new Promise<void>((resolve) => {
    producer.disconnect(() => {
      resolve();
    });
  });
}
