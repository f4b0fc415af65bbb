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
 * @property {number} noisyBacklog records of the noisy tenant that wait before anybody reads
 * @property {number} noisyPerSecond
 * @property {number} seconds
 * @property {number} handlerMs
 * @property {Record<string, number>} slowTenants milliseconds of the handlers of tenants that differ
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

export const NOISY = 'noisy';

/** @param {number} index */
export function quietTenant(index) {
  return `quiet-${index}`;
}
