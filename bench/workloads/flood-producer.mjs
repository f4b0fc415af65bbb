// Publishes what a flood consists of: the backlog at once, then both kinds of tenant at their rates.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { flood, measuredEvent, quietTenant } from './flood-events.mjs';
import { answer } from './workload.mjs';

/**
 * @typedef {object} Sent
 * @property {number[]} quietAtMs when each quiet event was published, in turn a tenant
 * @property {number} noisy
 */

const TICK_MS = 10;
const KEYS = 500;
const FILLER = 'x'.repeat(180);
const IN_FLIGHT = 20_000;

const { brokers, topic, quietTenants, quietPerSecond, noisyTenants, noisyBacklog, noisyPerSecond, seconds } = flood();
const names = Object.keys(noisyTenants);
const event = measuredEvent(topic);
const kafka = new TenantKafka({ clientId: 'flood', brokers, rateLimit: { maxWaiting: 100_000 } });
await kafka.start();
/** @type {number[]} */
const quietAtMs = [];
let noisy = 0;

/** @param {string} tenant @param {number} index @param {number} sentAtMs */
const publish = (tenant, index, sentAtMs) =>
  kafka.tenant(tenant).publish(event, { key: `k${index % KEYS}`, sentAtMs, filler: FILLER });

const publishNoisy = () => {
  const index = noisy++;
  return publish(names[index % names.length] ?? '', Math.floor(index / names.length), Date.now());
};

const publishQuiet = () => {
  const index = quietAtMs.length;
  const sentAtMs = Date.now();
  quietAtMs.push(sentAtMs);
  return publish(quietTenant(index % quietTenants), Math.floor(index / quietTenants), sentAtMs);
};

while (noisy < noisyBacklog) {
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, noisyBacklog - noisy) }, publishNoisy));
}
process.send?.('filled');
await new Promise((resolve) => process.once('message', resolve));

const startMs = performance.now();
const waiting = [];
for (let elapsedMs = 0; elapsedMs < seconds * 1_000; elapsedMs = performance.now() - startMs) {
  while (quietAtMs.length < (elapsedMs * quietPerSecond) / 1_000) waiting.push(publishQuiet());
  while (noisy - noisyBacklog < (elapsedMs * noisyPerSecond) / 1_000) waiting.push(publishNoisy());
  await sleep(TICK_MS);
}
await Promise.all(waiting);
await kafka.stop();
answer({ quietAtMs, noisy });
