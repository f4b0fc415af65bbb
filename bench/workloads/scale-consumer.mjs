// Handles a backlog and measures: all of it, or for so long where the handlers are slow.
import { setTimeout as sleep } from 'node:timers/promises';
import { TenantKafka } from 'tenantry';
import { measuredEvent } from './flood-events.mjs';
import { Measurement } from './measurement.mjs';
import { answer } from './workload.mjs';

/** @type {{ brokers: string[], topic: string, group: string, records: number, handlerMs: number, seconds: number }} */
const { brokers, topic, group, records, handlerMs, seconds } = JSON.parse(process.argv[2] ?? '');
const measurement = new Measurement(false);
const kafka = new TenantKafka({ clientId: 'scale', brokers });
let seen = 0;
/** @type {(value?: unknown) => void} */
let finish = () => undefined;
const finished = new Promise((resolve) => (finish = resolve));
await kafka
  .worker(group)
  .on(measuredEvent(topic), async () => {
    if (handlerMs > 0) await sleep(handlerMs);
    if (seen === 0) await measurement.start();
    seen += 1;
    if (seen === records) finish();
  })
  .start();
await Promise.race([finished, sleep(seconds * 1_000)]);
answer(await measurement.stop(Math.max(1, seen - 1)));
