// Handles events with slow handlers for a while: how many a second.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { consumePlain } from './kafkajs-style.mjs';
import { scaleWork } from './scale-work.mjs';
import { answer } from './workload.mjs';

const work = scaleWork();
const { client, brokers, topic, group, handlerMs, concurrency, seconds, afterScan } = work;
let seen = 0;
/** @type {() => void} */
let begin = () => undefined;
/** @type {Promise<void>} */
const begun = new Promise((resolve) => (begin = resolve));
/** @param {string} tenant */
const handle = async (tenant) => {
  await sleep(handlerMs);
  seen += 1;
  if (!afterScan || tenant === 'probe') begin();
};

if (client === 'tenantry') {
  const kafka = new TenantKafka({ clientId: 'scale', brokers });
  await kafka
    .worker(group, { concurrency })
    .on(measuredEvent(topic), ({ tenantId }) => handle(tenantId))
    .start();
} else {
  await consumePlain(work, { onAssigned: () => undefined, onMessage: () => handle('') });
}
await begun;
const before = seen;
const startedMs = performance.now();
await sleep(seconds * 1_000);
answer({ perSecond: ((seen - before) * 1_000) / (performance.now() - startedMs) });
