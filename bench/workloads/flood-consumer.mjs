// Handles a flood until it is told to answer: how long each quiet tenant's event took, and how much the rest got.
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { flood, measuredEvent, NOISY, PARTITIONS } from './flood-events.mjs';
import { consumePlain } from './kafkajs-style.mjs';
import { answer } from './workload.mjs';

const work = flood();
const { brokers, topic, group, client, handlerMs, slowTenants, concurrency } = work;
/** @type {number[]} */
const latenciesMs = [];
/** @type {Record<string, number>} */
const handled = {};

/** @param {string} tenant @param {number} sentAtMs */
const handle = async (tenant, sentAtMs) => {
  await sleep(slowTenants[tenant] ?? handlerMs);
  handled[tenant] = (handled[tenant] ?? 0) + 1;
  if (tenant !== NOISY && !(tenant in slowTenants)) latenciesMs.push(Date.now() - sentAtMs);
};
const onAssigned = () => process.send?.('assigned');

if (client === 'tenantry') {
  /** @param {object} fields */
  const onLog = (fields) => {
    if ('event' in fields && fields.event === 'assigned') onAssigned();
  };
  const logger = { debug: onLog, info: onLog, warn: onLog, error: onLog };
  const kafka = new TenantKafka({ clientId: 'flood', brokers, logger });
  await kafka
    .worker(group, { concurrency })
    .on(measuredEvent(topic), ({ tenantId, data }) => handle(tenantId, data.sentAtMs))
    .start();
} else {
  const onMessage = async (/** @type {{ message: { key?: unknown, value: unknown } }} */ { message }) => {
    const tenant = String(message.key).split(':')[0] ?? '';
    await handle(tenant, JSON.parse(String(message.value)).sentAtMs);
  };
  await consumePlain(work, { onAssigned, onMessage }, PARTITIONS);
}
process.once('message', () => {
  answer({ latenciesMs, handled, rssMib: process.memoryUsage().rss / 1_048_576 });
});
