// A member of the group: handles events until it is told to stop, or killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetter, isTenantryError } from 'tenantry';
import {
  GIVEN_UP_ONE_IN,
  GROUP,
  openJournal,
  PARTITIONS,
  processSetting,
  stormClient,
  stormEvent,
  TENANTS,
  TOLD,
} from './setting.mjs';

const HEALTH_EVERY_MS = 500;
/** So that tenants are parked all the time. */
const BUFFERED_RECORDS = 60;
/** One in so many records of one tenant fails at its first try. */
const FAILING = { tenant: 'a', oneIn: 15 };
/** How long a command waits until every partition has confirmed it. */
const CONFIRM_MS = 8_000;
const LOGGED = new Set(['assigned', 'revoked', 'commitFailed', 'metadataIgnored', 'recordsLost', 'consumerFault']);

const setting = processSetting();
const write = openJournal(setting.journal);

/** @param {object} fields */
const onLog = (fields) => {
  if ('event' in fields && LOGGED.has(String(fields.event))) write('log', fields);
};
const kafka = stormClient(setting, { debug: onLog, info: onLog, warn: onLog, error: onLog });
const worker = kafka.worker(GROUP, {
  concurrency: 16,
  maxBufferedRecords: BUFFERED_RECORDS,
  commitIntervalMs: setting.commitIntervalMs,
  retry: { backoffMs: 20 },
});
worker.on(stormEvent(setting.topic), async (event, { record, tenant, attempt, replay, redriven }) => {
  const { tenantId, aggregateId, data, id } = event;
  const place = { partition: record.partition, offset: record.offset, redriven };
  const tenants = [tenantId, tenant.id, data.tenant, kafka.currentTenant];
  write('start', { ...place, id, replay, tenants, keys: [aggregateId, data.key] });
  await sleep((TENANTS[tenantId]?.handlerMs ?? 0) * (0.5 + Math.random()));
  if (tenantId === FAILING.tenant && attempt === 1 && place.offset % FAILING.oneIn === 0) {
    write('fail', place);
    throw new Error('as planned');
  }
  if (tenantId === TOLD.redrive && !redriven && place.offset % GIVEN_UP_ONE_IN === 0) {
    write('fail', { ...place, isGivenUp: true });
    throw deadLetter('as planned');
  }
  write('end', { ...place, tenant: kafka.currentTenant });
});

const options = { timeoutMs: CONFIRM_MS };
const beginning = Array.from({ length: PARTITIONS }, (_, partition) => ({
  topic: setting.topic,
  partition,
  offset: 0,
}));
const commands = {
  pause: (/** @type {string} */ tenant) => worker.pauseTenant(tenant, options),
  resume: (/** @type {string} */ tenant) => worker.resumeTenant(tenant, options),
  replay: (/** @type {string} */ tenant) => worker.replayTenant(tenant, { from: beginning }, options),
  redrive: (/** @type {string} */ tenant) => worker.redrive(tenant, options),
};

let isStopping = false;
process.once('SIGTERM', () => void stop());
process.on('message', (/** @type {{ id: number, command?: keyof typeof commands, tenant: string }} */ asked) => {
  const { id, command, tenant } = asked;
  if (command === undefined) process.send?.({ id, health: worker.health(), counts: worker.counts() });
  else void tell(command, tenant).then((refusal) => process.send?.({ id, refusal }));
});
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

/**
 * @param {keyof typeof commands} command
 * @param {string} tenant
 * @returns {Promise<string | undefined>} why it was not confirmed
 */
async function tell(command, tenant) {
  write('told', { command, tenant });
  try {
    await commands[command](tenant);
  } catch (error) {
    if (!isTenantryError(error)) throw error;
    return error.code;
  }
  write('confirmed', { command, tenant });
  return undefined;
}

async function stop() {
  isStopping = true;
  const report = await worker.stop();
  write('stopped', report);
  await kafka.stop();
  process.exit(0);
}
