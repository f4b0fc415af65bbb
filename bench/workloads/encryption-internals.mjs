// What is measured here is not in the package's own exports.
import { envelopeEncryption } from 'tenantry';

/** @param {string} path below `src`, without its ending */
const built = (path) => new URL(`../../dist/${path}.js`, import.meta.url).href;

/** @type {typeof import('../../src/encryption/envelope-cipher.js')} */
const { createEnvelopeCipher } = await import(built('encryption/envelope-cipher'));
/** @type {typeof import('../../src/serde/json-serde.js')} */
export const { jsonSerde } = await import(built('serde/json-serde'));
/** @type {typeof import('../../src/core/clock.js')} */
const { systemClock } = await import(built('core/clock'));
/** @type {typeof import('../../src/core/tenant-id.js')} */
export const { parseTenantId } = await import(built('core/tenant-id'));

/** @param {import('tenantry').KeyService} kms */
export function cipherOf(kms) {
  return createEnvelopeCipher(envelopeEncryption({ kms }), { clock: systemClock, telemetry: { log: () => undefined } });
}

/**
 * @param {string} tenant
 * @param {number} index of the record
 */
export function identityOf(tenant, index) {
  return {
    tenantId: parseTenantId(tenant),
    logicalTopic: 'orders',
    recordKey: Buffer.from(`${tenant}:order-${index}`),
    eventType: 'orders.placed.v1',
    eventId: `01890a5d-ac96-774b-bcce-${String(index).padStart(12, '0')}`,
  };
}

export const AT_MS = 1_767_225_600_000;
