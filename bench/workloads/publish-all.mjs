import { Measurement } from './measurement.mjs';

const IN_FLIGHT = 1_000;

/**
 * Publishes one by one with 1,000 in flight.
 * @param {import('./workload.mjs').Workload} workload
 * @param {(index: number) => PromiseLike<unknown> | undefined} publish
 */
export async function publishAll({ records, warmUp, profile }, publish) {
  const measurement = new Measurement(profile);
  await inParallel(warmUp, publish);
  await measurement.start();
  await inParallel(records, publish);
  return measurement.stop(records);
}

/**
 * @param {number} records
 * @param {(index: number) => PromiseLike<unknown> | undefined} publish
 */
async function inParallel(records, publish) {
  let next = 0;
  const sendOneByOne = async () => {
    while (next < records) await publish(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendOneByOne));
}
