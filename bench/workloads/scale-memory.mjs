import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1_048_576;

/**
 * @typedef {object} Memory
 * @property {number} rssMib
 * @property {number} peakRssMib
 * @property {number} heapMib what is alive in the heap and in Buffers, after a full collection
 */

/** @returns {Memory} */
export function memoryNow() {
  const rssMib = process.memoryUsage().rss / MIB;
  const peakRssMib = process.resourceUsage().maxRSS / 1_024;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { rssMib, peakRssMib, heapMib: (heapUsed + external) / MIB };
}
