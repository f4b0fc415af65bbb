// Publishes what a flood consists of: the backlog at once, then both kinds of tenant at their rates.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { flood, measuredEvent, NOISY, quietTenant } from './flood-events.mjs';
import { answer } from './workload.mjs';

const TICK_MS = 10;
const KEYS = 500;
const FILLER = 'x'.repeat(180);

const { brokers, topic, quietTenants, quietPerSecond, noisyBacklog, noisyPerSecond, seconds } = flood();
const event = measuredEvent(topic);
const kafka = new TenantKafka({ clientId: 'flood', brokers, rateLimit: { maxWaiting: 100_000 } });
await kafka.start();
let quiet = 0;
let noisy = 0;

/** @param {string} tenant @param {number} index */
const publish = (tenant, index) =>
  kafka.tenant(tenant).publish(event, { key: `k${index % KEYS}`, sentAtMs: Date.now(), filler: FILLER });

const backlog = [];
for (let index = 0; index < noisyBacklog; index += 1) backlog.push(publish(NOISY, (noisy += 1)));
await Promise.all(backlog);
process.send?.('filled');
await new Promise((resolve) => process.once('message', resolve));

const startMs = performance.now();
const waiting = [];
for (let elapsedMs = 0; elapsedMs < seconds * 1_000; elapsedMs = performance.now() - startMs) {
  while (quiet < (elapsedMs * quietPerSecond) / 1_000) {
    waiting.push(publish(quietTenant(quiet % quietTenants), Math.floor(quiet / quietTenants)));
    quiet += 1;
  }
  while (noisy - noisyBacklog < (elapsedMs * noisyPerSecond) / 1_000) waiting.push(publish(NOISY, (noisy += 1)));
  await sleep(TICK_MS);
}
await Promise.all(waiting);
await kafka.stop();
answer({ quiet, noisy });
