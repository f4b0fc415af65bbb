import { TenantKafka } from 'tenantry';
import { encryption, orderPlaced, orders, tenants } from './events.mjs';
import { publishAll } from './publish-all.mjs';
import { answer, workload } from './workload.mjs';

const work = workload();
const { brokers, topic, sealed, keyHex } = work;
const contract = orderPlaced(topic, sealed);
const kafka = new TenantKafka({
  clientId: 'bench',
  brokers,
  encryption: encryption(keyHex),
  // Limits that are checked for every record and never reached.
  rateLimit: { default: { eventsPerSecond: 1e9, bytesPerSecond: 1e12 } },
});
await kafka.start();
const scopes = tenants.map((id) => kafka.tenant(id));
const pairs = orders.map((data, index) => ({ data, scope: scopes[index % scopes.length] ?? kafka.tenant('acme') }));

const measured = await publishAll(work, (index) => {
  const pair = pairs[index % pairs.length];
  return pair?.scope.publish(contract, pair.data);
});
await kafka.stop();
answer(measured);
