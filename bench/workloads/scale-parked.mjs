// Has one tenant's backlog parked, until the head has read through all of it: what it takes in memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { memoryNow } from './scale-memory.mjs';
import { scaleWork } from './scale-work.mjs';
import { answer } from './workload.mjs';

const REST_MS = 5_000;

const { brokers, topic, group, probes, handlerMs } = scaleWork();
const kafka = new TenantKafka({ clientId: 'scale', brokers });
let seen = 0;
await new Promise((resolve, reject) => {
  kafka
    .worker(group)
    .on(measuredEvent(topic), async ({ tenantId }) => {
      if (tenantId !== 'probe') {
        await sleep(handlerMs);
        return;
      }
      seen += 1;
      if (seen === probes) resolve(undefined);
    })
    .start()
    .catch(reject);
});
await sleep(REST_MS);
answer(memoryNow());
