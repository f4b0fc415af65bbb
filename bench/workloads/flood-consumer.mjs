// Handles a flood until it is told to answer: how long each quiet tenant's event took, and how much the rest got.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { flood, measuredEvent, PARTITIONS, quietIndex } from './flood-events.mjs';
import { consumePlain } from './kafkajs-style.mjs';
import { answer } from './workload.mjs';

/**
 * @typedef {object} QuietEvent
 * @property {number} tenant index
 * @property {number} partition
 * @property {number} sentAtMs
 * @property {number} startedAtMs its handler
 * @property {number} doneAtMs
 */

/**
 * @typedef {object} Handled
 * @property {QuietEvent[]} quiet
 * @property {Record<string, number>} noisy events of each noisy tenant handled while the flood went on; of one that
 *   was handled in part then, that part
 * @property {number} free how many more events of `handlerMs` the slots that quiet tenants left would have done then
 * @property {number} assignedAtMs
 * @property {number} endMs when the flood ended
 * @property {number} rssMib
 */

const work = flood();
const { brokers, topic, group, client, handlerMs, noisyTenants, concurrency } = work;
/** @type {QuietEvent[]} */
const quiet = [];
/** @type {Record<string, number>} */
const noisy = {};
/** @type {Set<{ tenant: string, startedAtMs: number }>} */
const running = new Set();
let isFlooding = false;
let floodSinceMs = 0;
let quietInFlood = 0;
let assignedAtMs = 0;

/** @param {string} tenant @param {number} partition @param {number} sentAtMs */
const handle = async (tenant, partition, sentAtMs) => {
  const startedAtMs = Date.now();
  const run = { tenant, startedAtMs };
  running.add(run);
  await sleep(noisyTenants[tenant] ?? handlerMs);
  running.delete(run);
  const index = quietIndex(tenant);
  if (index !== undefined) quiet.push({ tenant: index, partition, sentAtMs, startedAtMs, doneAtMs: Date.now() });
  if (!isFlooding) return;
  if (index === undefined) countNoisy(run, Date.now() - startedAtMs);
  else quietInFlood += 1;
};
/** @param {{ tenant: string, startedAtMs: number }} run @param {number} wholeMs */
const countNoisy = ({ tenant, startedAtMs }, wholeMs) => {
  const inFloodMs = Date.now() - Math.max(startedAtMs, floodSinceMs);
  noisy[tenant] = (noisy[tenant] ?? 0) + Math.min(1, inFloodMs / wholeMs);
};
const onAssigned = () => {
  if (assignedAtMs !== 0) return;
  assignedAtMs = Date.now();
  process.send?.('assigned');
};

const sleepMs = await measuredSleepMs();
if (client === 'tenantry') {
  /** @param {object} fields */
  const onLog = (fields) => {
    if ('event' in fields && fields.event === 'assigned') onAssigned();
  };
  const logger = { debug: onLog, info: onLog, warn: onLog, error: onLog };
  const kafka = new TenantKafka({ clientId: 'flood', brokers, logger });
  await kafka
    .worker(group, { concurrency })
    .on(measuredEvent(topic), ({ tenantId, data }, { record }) => handle(tenantId, record.partition, data.sentAtMs))
    .start();
} else {
  await consumePlain(
    work,
    {
      onAssigned,
      onMessage: async ({ partition, message }) => {
        const tenant = String(message.key).split(':')[0] ?? '';
        await handle(tenant, partition, JSON.parse(String(message.value)).sentAtMs);
      },
    },
    PARTITIONS,
  );
}

await told();
isFlooding = true;
floodSinceMs = Date.now();
const startedAtMs = performance.now();
await told();
isFlooding = false;
for (const run of running) {
  if (quietIndex(run.tenant) === undefined) countNoisy(run, noisyTenants[run.tenant] ?? handlerMs);
}
const slotMs = concurrency * (performance.now() - startedAtMs);
const endMs = Date.now();
await told();
const free = slotMs / sleepMs - quietInFlood;
answer({ quiet, noisy, free, assignedAtMs, endMs, rssMib: process.memoryUsage().rss / 1_048_576 });

/** Waits for the next message of the parent. */
async function told() {
  await new Promise((resolve) => process.once('message', resolve));
}

/** What a handler takes where nothing else goes on: a timer is late by a part of a millisecond. */
async function measuredSleepMs() {
  const rounds = 50;
  const beganMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: concurrency }, () => sleep(handlerMs)));
  }
  return (performance.now() - beganMs) / rounds;
}
