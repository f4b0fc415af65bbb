import { defineEvent } from 'tenantry';
import { z } from 'zod';

/**
 * @typedef {object} Flood
 * @property {string[]} brokers
 * @property {string} topic
 * @property {string} group
 * @property {'tenantry' | 'confluent' | 'kafkajs'} client
 * @property {number} quietTenants
 * @property {number} quietPerSecond of all quiet tenants together
 * @property {Record<string, number>} noisyTenants milliseconds that their handlers take
 * @property {number} noisyBacklog records of all noisy tenants that wait before anybody reads
 * @property {number} noisyPerSecond of all noisy tenants together
 * @property {number} seconds
 * @property {number} handlerMs of quiet tenants
 * @property {number} concurrency
 */

/** @returns {Flood} */
export function flood() {
  return JSON.parse(process.argv[2] ?? '');
}

/** @param {string} topic */
export function measuredEvent(topic) {
  return defineEvent({
    type: 'flood.sent',
    version: 1,
    topic,
    schema: z.object({ key: z.string(), sentAtMs: z.number(), filler: z.string() }),
    aggregateId: ({ key }) => key,
    protection: 'none',
  });
}

export const PARTITIONS = 2;

const QUIET = 'quiet-';

/** @param {number} index */
export function quietTenant(index) {
  return `${QUIET}${index}`;
}

/**
 * @param {string} tenant
 * @returns {number | undefined} its index; undefined for the others
 */
export function quietIndex(tenant) {
  return tenant.startsWith(QUIET) ? Number(tenant.slice(QUIET.length)) : undefined;
}
