// Writes a backlog for a scale scenario: so many records of so many tenants, each with so many keys, and events of
// one more tenant behind all of them.
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { scaleWork } from './scale-work.mjs';
import { answer } from './workload.mjs';

const IN_FLIGHT = 5_000;
const FILLER = 'x'.repeat(180);

const { brokers, topic, records, tenants, keys, probes } = scaleWork();
const event = measuredEvent(topic);
const kafka = new TenantKafka({ clientId: 'scale', brokers, rateLimit: { maxWaiting: 1_000_000 } });
await kafka.start();

/** @param {string} tenant @param {string} key */
const publish = (tenant, key) => kafka.tenant(tenant).publish(event, { key, sentAtMs: Date.now(), filler: FILLER });

for (let from = 0; from < records; from += IN_FLIGHT) {
  const chunk = Array.from({ length: Math.min(IN_FLIGHT, records - from) }, (_, index) => from + index);
  await Promise.all(chunk.map((index) => publish(`t${index % tenants}`, `k${Math.floor(index / tenants) % keys}`)));
}
await Promise.all(Array.from({ length: probes }, (_, index) => publish('probe', `k${index}`)));
await kafka.stop();
answer('written');
