/**
 * @typedef {object} Workload
 * @property {string[]} brokers
 * @property {'tenantry' | 'confluent' | 'kafkajs'} client
 * @property {string} topic
 * @property {boolean} sealed
 * @property {string} keyHex the key encryption key of every tenant
 * @property {number} records
 * @property {number} warmUp records published before those that are measured
 * @property {string} group
 * @property {boolean} profile
 */

/** @returns {Workload} */
export function workload() {
  return JSON.parse(process.argv[2] ?? '');
}

/** @param {unknown} result */
export function answer(result) {
  // A native client may keep the process alive, or take its time to go: what was measured is over.
  process.send?.(result, () => process.exit(0));
}
