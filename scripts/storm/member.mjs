// A member of the group: handles events until it is told to stop, or killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { isTenantryError } from 'tenantry';
import { GROUP, openJournal, processSetting, stormClient, stormEvent, TENANTS } from './setting.mjs';

const HEALTH_EVERY_MS = 500;
/** So that tenants are parked all the time. */
const BUFFERED_RECORDS = 60;
/** One in so many records of one tenant fails at its first try. */
const FAILING = { tenant: 'a', oneIn: 15 };
const TOLD = new Set(['assigned', 'revoked', 'commitFailed', 'metadataIgnored', 'recordsLost', 'consumerFault']);

const setting = processSetting();
const write = openJournal(setting.journal);

/** @param {object} fields */
const onLog = (fields) => {
  if ('event' in fields && TOLD.has(String(fields.event))) write('log', fields);
};
const kafka = stormClient(setting, { debug: onLog, info: onLog, warn: onLog, error: onLog });
const worker = kafka.worker(GROUP, {
  concurrency: 16,
  maxBufferedRecords: BUFFERED_RECORDS,
  commitIntervalMs: setting.commitIntervalMs,
  retry: { backoffMs: 20 },
});
worker.on(stormEvent(setting.topic), async ({ tenantId, aggregateId, data }, { record, tenant, attempt }) => {
  const { partition, offset } = record;
  const tenants = [tenantId, tenant.id, data.tenant];
  write('start', { partition, offset, tenants: [...tenants, kafka.currentTenant], keys: [aggregateId, data.key] });
  await sleep((TENANTS[tenantId]?.handlerMs ?? 0) * (0.5 + Math.random()));
  if (tenantId === FAILING.tenant && attempt === 1 && offset % FAILING.oneIn === 0) {
    write('fail', { partition, offset });
    throw new Error('as planned');
  }
  write('end', { partition, offset, tenant: kafka.currentTenant });
});

let isStopping = false;
process.once('SIGTERM', () => void stop());
process.on('message', () => process.send?.({ health: worker.health(), counts: worker.counts() }));
process.once('disconnect', () => process.exit(1));
setInterval(() => {
  const { status, reasons } = worker.health();
  write('health', { status, reasons });
}, HEALTH_EVERY_MS).unref();

// The broker may be away just now.
for (let started = false; !started && !isStopping;) {
  try {
    await worker.start();
    started = true;
  } catch (error) {
    if (!isTenantryError(error)) throw error;
    write('log', { event: 'startFailed', reason: error.code });
    await sleep(200);
  }
}

async function stop() {
  isStopping = true;
  const report = await worker.stop();
  write('stopped', report);
  await kafka.stop();
  process.exit(0);
}
