import { Measurement } from './measurement.mjs';

/**
 * @typedef {object} Listener
 * @property {() => void} onAssigned the group has given out its partitions
 * @property {() => Promise<void>} onMessage
 */

/**
 * Consumes a backlog with a handler that only counts. All of it is measured, from the assignment on: a client
 * that has read far ahead by the time of its first message has already paid for what it read.
 * @param {import('./workload.mjs').Workload} workload
 * @param {(listener: Listener) => Promise<unknown>} consume
 */
export async function consumeAll({ records, profile }, consume) {
  const measurement = new Measurement(profile);
  /** @type {Promise<void> | undefined} */
  let started;
  let seen = 0;
  return new Promise((resolve, reject) => {
    const onAssigned = () => {
      started ??= measurement.start();
    };
    const onMessage = async () => {
      seen += 1;
      if (seen === records) resolve(measurement.stop(records));
    };
    consume({ onAssigned, onMessage }).catch(reject);
  });
}
