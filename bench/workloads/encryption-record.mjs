// Sealing and opening single records beside what Node.js takes for the same bytes, one after the other in each round.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { defineEvent, localKeyring } from 'tenantry';
import { z } from 'zod';
import { AT_MS, cipherOf, identityOf, jsonSerde } from './encryption-internals.mjs';
import { mainThreadMicros } from './measurement.mjs';
import { answer } from './workload.mjs';

/**
 * @typedef {object} RecordWork
 * @property {number} bytes of a value
 * @property {number} records a round and side
 * @property {number} rounds
 */

/** @typedef {Record<string, number[]>} RecordMicros main-thread time a record, by side, one a round */

/** @type {RecordWork} */
const { bytes, records, rounds } = JSON.parse(process.argv[2] ?? '');
const DIFFERENT = Math.min(records, 100);
const ALGORITHM = 'aes-256-gcm';
const TAG = { authTagLength: 16 };
/** What tenantry authenticates beside the record: head and names. */
const AAD = randomBytes(260);

const contract = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({
    orderId: z.string(),
    card: z.object({ number: z.string(), brand: z.string() }),
    note: z.string(),
  }),
  aggregateId: ({ orderId }) => orderId,
  protection: { fields: ['/card/number'] },
});
const protection = contract.protection;
if (typeof protection !== 'object') throw new Error('the contract seals fields');

const data = { orderId: 'order-1', card: { number: '4111111111111111', brand: 'V' }, note: '' };
data.note = 'n'.repeat(bytes - JSON.stringify(data).length);
const whole = jsonSerde.encode(contract, data);
const plaintext = Buffer.from(whole);

const cipher = cipherOf(localKeyring({ keys: { acme: randomBytes(32) } }));
const who = Array.from({ length: DIFFERENT }, (_, index) => identityOf('acme', index));
const identity = (/** @type {number} */ index) => who[index % DIFFERENT] ?? identityOf('acme', index);

const key = createSecretKey(randomBytes(32));
const nonce = Buffer.alloc(12);
const bare = sealBare(plaintext);
const sealed = who.map((each) => Buffer.from(/** @type {Buffer} */ (cipher.sealValue(each, plaintext, AT_MS))));
const split = jsonSerde.fields.split(contract, protection, Buffer.from(plaintext));
const seals = who.map((each) =>
  Buffer.from(/** @type {Buffer} */ (cipher.sealFields(each, split.readable, split.sealed, AT_MS))),
);

/** @type {Record<string, (index: number) => unknown>} */
const sides = {
  'createCipheriv, bare': () => sealBare(plaintext),
  'seal a value': (index) => {
    cipher.release(/** @type {Buffer} */ (cipher.sealValue(identity(index), plaintext, AT_MS)));
  },
  'take a field out and seal it': (index) => {
    const parts = jsonSerde.fields.split(contract, protection, Buffer.from(plaintext));
    cipher.release(/** @type {Buffer} */ (cipher.sealFields(identity(index), parts.readable, parts.sealed, AT_MS)));
    jsonSerde.release(contract, parts.sealed);
    jsonSerde.release(contract, parts.readable);
  },
  'createDecipheriv, bare': () => {
    const decipher = createDecipheriv(ALGORITHM, key, nonce, TAG).setAuthTag(bare.tag).setAAD(AAD);
    decipher.update(bare.ciphertext);
    return decipher.final();
  },
  'open a value': (index) => cipher.openValue(identity(index), sealed[index % DIFFERENT] ?? plaintext),
  'open a seal of fields': (index) =>
    cipher.openFields(identity(index), split.readable, seals[index % DIFFERENT] ?? plaintext),
};

/** @type {RecordMicros} */
const micros = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
// The first round is for the compiler.
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, work] of Object.entries(sides)) {
    const each = timed(work);
    if (round > 0) micros[name]?.push(each);
  }
}
answer(micros);

/** @param {(index: number) => unknown} work */
function timed(work) {
  const before = now();
  for (let index = 0; index < records; index += 1) work(index);
  return (now() - before) / records;
}

function now() {
  const own = mainThreadMicros();
  return Number.isNaN(own) ? performance.now() * 1_000 : own;
}

/** @param {Buffer} text */
function sealBare(text) {
  const made = createCipheriv(ALGORITHM, key, nonce, TAG).setAAD(AAD);
  const ciphertext = made.update(text);
  made.final();
  return { ciphertext, tag: made.getAuthTag() };
}
