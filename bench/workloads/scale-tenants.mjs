// Handles a backlog of many tenants: what a record costs, and what is left in memory when all are idle.
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { Measurement } from './measurement.mjs';
import { memoryNow } from './scale-memory.mjs';
import { scaleWork } from './scale-work.mjs';
import { answer } from './workload.mjs';

/** @typedef {import('./measurement.mjs').Measured & import('./scale-memory.mjs').Memory} TenantsMeasured */

/** The first part of the records, while the process warms up. */
const NOT_MEASURED = 0.2;
/** For the last commit, and whatever is put away with time. */
const REST_MS = 3_000;

const { brokers, topic, group, records } = scaleWork();
const warmUp = Math.floor(records * NOT_MEASURED);
const measurement = new Measurement(false);
let seen = 0;
const kafka = new TenantKafka({ clientId: 'scale', brokers });
const measured = await new Promise((resolve, reject) => {
  kafka
    .worker(group)
    .on(measuredEvent(topic), async () => {
      seen += 1;
      if (seen === warmUp) await measurement.start();
      if (seen === records) resolve(measurement.stop(records - warmUp));
    })
    .start()
    .catch(reject);
});
await sleep(REST_MS);
answer({ ...measured, ...memoryNow() });
