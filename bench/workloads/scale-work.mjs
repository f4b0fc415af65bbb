/**
 * @typedef {object} ScaleWork
 * @property {string[]} brokers
 * @property {string} topic
 * @property {string} group
 * @property {'tenantry' | 'confluent'} client
 * @property {number} records
 * @property {number} tenants
 * @property {number} keys of each tenant
 * @property {number} probes events of one more tenant behind all others
 * @property {number} handlerMs
 * @property {number} concurrency
 * @property {number} seconds
 * @property {boolean} afterScan measured once the head has read through the backlog, not from the first event on
 */

/** @returns {ScaleWork} */
export function scaleWork() {
  return JSON.parse(process.argv[2] ?? '');
}
