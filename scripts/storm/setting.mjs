// What the processes of a storm share.
import { openSync, writeSync } from 'node:fs';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { z } from 'zod';

/**
 * @typedef {object} ProcessSetting
 * @property {string} brokers
 * @property {string} topic
 * @property {'consumer' | 'classic'} protocol
 * @property {string} journal the file that the process writes down in what it does
 * @property {number} sessionMs of the group
 * @property {number} commitIntervalMs
 */

/** @returns {ProcessSetting} */
export function processSetting() {
  return JSON.parse(process.argv[2] ?? '');
}

export const GROUP = 'storm';
export const KEYS_A_TENANT = 6;

/**
 * Some ids begin with others, so that whoever compares them too loosely is found out.
 *
 * How long their handlers take, and how much each producer publishes.
 *
 * @type {Readonly<Record<string, { readonly handlerMs: number, readonly perSecond: number, readonly burst?: true }>>}
 */
export const TENANTS = {
  flood: { handlerMs: 4, perSecond: 120, burst: true },
  slow: { handlerMs: 120, perSecond: 7 },
  a: { handlerMs: 3, perSecond: 12 },
  ab: { handlerMs: 3, perSecond: 12 },
  'ab-c': { handlerMs: 3, perSecond: 12 },
  quiet: { handlerMs: 3, perSecond: 4 },
};

/** Who is paused, replayed, and redriven meanwhile. */
export const TOLD = { pause: 'a', replay: 'ab', redrive: 'ab-c' };
/** One in so many records of the one that is redriven is given up at first. */
export const GIVEN_UP_ONE_IN = 4;
export const PARTITIONS = 4;

/** @param {string} topic */
export function stormEvent(topic) {
  return defineEvent({
    type: 'storm.seen',
    version: 1,
    topic,
    schema: z.object({ tenant: z.string(), key: z.string() }),
    aggregateId: ({ key }) => key,
    protection: 'confidential',
  });
}

/**
 * @param {Pick<ProcessSetting, 'brokers' | 'protocol' | 'sessionMs'>} setting
 * @param {import('tenantry').Logger} [logger]
 */
export function stormClient({ brokers, protocol, sessionMs }, logger) {
  const keys = Object.keys(TENANTS).map((tenant, index) => [tenant, String(index + 1).repeat(64)]);
  return new TenantKafka({
    clientId: 'storm',
    brokers: [brokers],
    groupProtocol: protocol,
    encryption: envelopeEncryption({ kms: localKeyring({ keys: Object.fromEntries(keys) }) }),
    librdkafka: {
      global: { 'reconnect.backoff.max.ms': 1_000 },
      consumer:
        protocol === 'classic' ? { 'session.timeout.ms': sessionMs, 'heartbeat.interval.ms': sessionMs / 10 } : {},
    },
    ...(logger && { logger }),
  });
}

/**
 * Writes down what happens, a line each, before it goes on: what stands there survives a SIGKILL. All processes read
 * the same clock, the machine's monotonic one.
 *
 * @param {string} path
 */
export function openJournal(path) {
  const file = openSync(path, 'a');
  return (/** @type {string} */ kind, /** @type {object} */ fields) => {
    const at = Number(process.hrtime.bigint() / 1_000n);
    writeSync(file, `${JSON.stringify({ kind, at, ...fields })}\n`);
  };
}
