// Creates the topics of a run; with `embedded`, hosts the broker too, for as long as it is not told to go.
import { TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { orderPlaced } from './events.mjs';

/** @type {{ brokers?: string[], topics: string[], groups: string[] }} */
const { brokers, topics, groups } = JSON.parse(process.argv[2] ?? '');
const addresses = brokers ?? (await EmbeddedKafka.start()).brokers;
const kafka = new TenantKafka({ clientId: 'bench-topics', brokers: addresses });
await kafka.admin.createTopics(
  topics.map((topic) => orderPlaced(topic, false)),
  { partitions: 4, replicationFactor: 1, groups },
);
await kafka.stop();
process.send?.(addresses);
if (brokers === undefined) process.once('disconnect', () => process.exit(0));
else process.disconnect();
