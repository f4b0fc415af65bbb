// Caches that are cold: many tenants at once, and many records of one, with a key service that takes its time.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { localKeyring } from 'tenantry';
import { AT_MS, cipherOf, identityOf } from './encryption-internals.mjs';
import { answer } from './workload.mjs';

/**
 * @typedef {object} ColdWork
 * @property {number} tenants
 * @property {number} misses of one key at once
 * @property {number} latencyMs of each call
 */

/**
 * @typedef {object} ColdFill
 * @property {number} ms until all was there
 * @property {number} calls
 * @property {number} mostInFlight
 */

/** @typedef {Record<'opening' | 'sealing' | 'oneKey', ColdFill>} ColdResult */

/** @type {ColdWork} */
const { tenants, misses, latencyMs } = JSON.parse(process.argv[2] ?? '');
const names = Array.from({ length: tenants }, (_, index) => `tenant-${index}`);
const keyring = localKeyring({ keys: Object.fromEntries(names.map((name, index) => [name, keyOf(index)])) });
const TEXT = Buffer.from('{}');

const producer = cipherOf(keyring);
const records = names.map((name, index) => {
  const who = identityOf(name, index);
  return { who, envelope: Buffer.from(/** @type {Buffer} */ (producer.sealValue(who, TEXT, AT_MS))) };
});
producer.close();
const [first] = records;
if (first === undefined) throw new Error('there are no tenants');

/** @type {ColdResult} */
const result = {
  opening: await filled((cipher) => records.map(({ who, envelope }) => cipher.openValue(who, envelope))),
  sealing: await filled((cipher) => records.map(({ who }) => cipher.sealValue(who, TEXT, AT_MS))),
  oneKey: await filled((cipher) => Array.from({ length: misses }, () => cipher.openValue(first.who, first.envelope))),
};
answer(result);

/**
 * @param {(cipher: ReturnType<typeof cipherOf>) => unknown[]} work with a cipher that knows no key yet
 * @returns {Promise<ColdFill>}
 */
async function filled(work) {
  const service = slowService();
  const cipher = cipherOf(service);
  const startedMs = performance.now();
  await Promise.all(work(cipher));
  const ms = performance.now() - startedMs;
  cipher.close();
  return { ms, calls: service.calls, mostInFlight: service.mostInFlight };
}

function slowService() {
  let inFlight = 0;
  const service = {
    calls: 0,
    mostInFlight: 0,
    maxBlobBytes: keyring.maxBlobBytes,
    kekIds: keyring.kekIds.bind(keyring),
    generateDataKey: slow(keyring.generateDataKey.bind(keyring)),
    unwrapDataKey: slow(keyring.unwrapDataKey.bind(keyring)),
  };
  return service;

  /**
   * @template {unknown[]} A
   * @template R
   * @param {(...args: A) => R | Promise<R>} call
   * @returns {(...args: A) => Promise<R>}
   */
  function slow(call) {
    return async (...args) => {
      service.calls += 1;
      inFlight += 1;
      service.mostInFlight = Math.max(service.mostInFlight, inFlight);
      await sleep(latencyMs);
      inFlight -= 1;
      return call(...args);
    };
  }
}

/** @param {number} index */
function keyOf(index) {
  const key = Buffer.alloc(32, 1);
  key.writeUInt32BE(index);
  return key;
}
