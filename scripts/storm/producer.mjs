// Publishes for all tenants, at their rates, until it is told to stop; the broker may be away meanwhile.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTenantryError } from 'tenantry';
import { KEYS_A_TENANT, openJournal, processSetting, stormClient, stormEvent, TENANTS } from './setting.mjs';

const TICK_MS = 20;
const BURST_EVERY_MS = 4_000;
/** While the broker is away, no more than this waits for it. */
const MAX_WAITING = 4_000;

const setting = processSetting();
const write = openJournal(setting.journal);
const kafka = stormClient(setting);
const event = stormEvent(setting.topic);
const waiting = new Set();
let isStopping = false;
process.once('SIGTERM', () => (isStopping = true));
process.once('disconnect', () => process.exit(1));

/** @param {string} tenant @param {number} index */
async function publish(tenant, index) {
  const key = `k${index % KEYS_A_TENANT}`;
  try {
    const { partition, offset } = await kafka.tenant(tenant).publish(event, { tenant, key });
    write('acked', { partition, offset, tenant, key });
  } catch (error) {
    if (!isTenantryError(error)) throw error;
    write('refused', { tenant, key, code: error.code });
  }
}

const startMs = performance.now();
/** @type {Record<string, number>} */
const published = {};
while (!isStopping) {
  const elapsedMs = performance.now() - startMs;
  for (const [tenant, { perSecond, burst }] of Object.entries(TENANTS)) {
    const dueMs = burst ? Math.ceil(elapsedMs / BURST_EVERY_MS) * BURST_EVERY_MS : elapsedMs;
    let done = published[tenant] ?? 0;
    for (; done < (dueMs * perSecond) / 1_000 && waiting.size < MAX_WAITING; done += 1) {
      const publishing = publish(tenant, done).finally(() => waiting.delete(publishing));
      waiting.add(publishing);
    }
    published[tenant] = done;
  }
  await sleep(TICK_MS);
}
await Promise.all(waiting);
await kafka.stop();
process.exit(0);
