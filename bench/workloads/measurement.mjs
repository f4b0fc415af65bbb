import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/**
 * @typedef {object} Measured
 * @property {number} perSecond records a second
 * @property {number} mainThreadMicros processor time of the main thread for each record
 * @property {number} processMicros processor time of the whole process for each record
 * @property {number} peakRssMib
 * @property {number} longestBlockMs of the event loop
 * @property {import('node:inspector').Profiler.Profile | undefined} profile
 */

/** What a workload costs from `start` to `stop`. */
export class Measurement {
  #startedMs = 0;
  #mainThreadMicros = 0;
  #cpu = process.cpuUsage();
  #delay = monitorEventLoopDelay({ resolution: 5 });
  /** @type {Session | undefined} */
  #session;

  /** @param {boolean} withProfile */
  constructor(withProfile) {
    if (withProfile) this.#session = new Session();
  }

  async start() {
    if (this.#session !== undefined) {
      this.#session.connect();
      await this.#session.post('Profiler.enable');
      await this.#session.post('Profiler.setSamplingInterval', { interval: 200 });
      await this.#session.post('Profiler.start');
    }
    this.#delay.enable();
    this.#cpu = process.cpuUsage();
    this.#mainThreadMicros = mainThreadMicros();
    this.#startedMs = performance.now();
  }

  /**
   * @param {number} records
   * @returns {Promise<Measured>}
   */
  async stop(records) {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const micros = mainThreadMicros() - this.#mainThreadMicros;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#delay.disable();
    const stopped = await this.#session?.post('Profiler.stop');
    return {
      perSecond: records / seconds,
      mainThreadMicros: micros / records,
      processMicros: (user + system) / records,
      peakRssMib: process.resourceUsage().maxRSS / 1_024,
      longestBlockMs: this.#delay.max / 1e6,
      profile: stopped?.profile,
    };
  }
}

/** Processor time of this thread; only Linux tells it on the older Node.js versions. */
export function mainThreadMicros() {
  try {
    const [nanos] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(nanos) / 1_000;
  } catch {
    return Number.NaN;
  }
}
