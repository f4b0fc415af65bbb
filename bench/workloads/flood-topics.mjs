// Creates the topics of a flood.
import { TenantKafka } from 'tenantry';
import { measuredEvent, PARTITIONS } from './flood-events.mjs';

/** @type {{ brokers: string[], topics: string[], groups: string[], partitions?: number }} */
const { brokers, topics, groups, partitions = PARTITIONS } = JSON.parse(process.argv[2] ?? '');
const kafka = new TenantKafka({ clientId: 'flood-topics', brokers });
for (const topic of topics) {
  await kafka.admin.createTopics([measuredEvent(topic)], { partitions, replicationFactor: 1, groups });
}
await kafka.stop();
process.send?.('created', () => process.exit(0));
