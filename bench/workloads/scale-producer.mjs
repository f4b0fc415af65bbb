// Writes a backlog for a scale scenario: so many records of so many tenants, each with so many keys.
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { answer } from './workload.mjs';

/** @type {{ brokers: string[], topic: string, records: number, tenants: number, keys: number }} */
const { brokers, topic, records, tenants, keys } = JSON.parse(process.argv[2] ?? '');
const event = measuredEvent(topic);
const kafka = new TenantKafka({ clientId: 'scale', brokers, rateLimit: { maxWaiting: 1_000_000 } });
await kafka.start();
let waiting = [];
for (let index = 0; index < records; index += 1) {
  const tenant = kafka.tenant(`t${index % tenants}`);
  const key = `k${Math.floor(index / tenants) % keys}`;
  waiting.push(tenant.publish(event, { key, sentAtMs: Date.now(), filler: 'x'.repeat(180) }));
  if (waiting.length < 5_000) continue;
  await Promise.all(waiting);
  waiting = [];
}
await Promise.all(waiting);
await kafka.stop();
answer('written');
