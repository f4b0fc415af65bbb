// The same events for both sides: 256 bytes of JSON, three headers, 10 tenants, 1,000 keys.
import { randomUUID } from 'node:crypto';
import { defineEvent, envelopeEncryption, localKeyring } from 'tenantry';
import { z } from 'zod';

const PAYLOAD_BYTES = 256;
const KEYS = 1_000;

export const tenants = Array.from({ length: 10 }, (_, index) => `tenant-${index}`);

const order = z.object({
  orderId: z.string(),
  customer: z.string(),
  quantity: z.int(),
  total: z.number(),
  paid: z.boolean(),
  note: z.string(),
});

/**
 * @param {string} topic
 * @param {boolean} sealed
 */
export function orderPlaced(topic, sealed) {
  return defineEvent({
    type: `${topic}.placed`,
    version: 1,
    topic,
    schema: order,
    aggregateId: (data) => data.orderId,
    protection: sealed ? 'confidential' : 'none',
  });
}

/** Event data whose JSON has exactly 256 bytes. */
export const orders = Array.from({ length: KEYS }, (_, index) => {
  const data = {
    orderId: `order-${index}`,
    customer: `customer-${index % 97}`,
    quantity: 1 + (index % 9),
    total: index / 4,
    paid: index % 2 === 0,
    note: '',
  };
  return { ...data, note: 'x'.repeat(PAYLOAD_BYTES - JSON.stringify(data).length) };
});

/** What an application of the plain client would have to make for each record; here it is made beforehand. */
export const plainRecords = orders.map((data, index) => {
  const tenant = tenants[index % tenants.length] ?? '';
  return {
    key: Buffer.from(`${tenant}:${data.orderId}`),
    value: Buffer.from(JSON.stringify(data)),
    headers: {
      'tenant-id': Buffer.from(tenant),
      'event-type': Buffer.from('bench-publish-plain.placed.v1'),
      'event-id': Buffer.from(randomUUID()),
    },
  };
});

/** @param {string} keyHex */
export function encryption(keyHex) {
  const key = Buffer.from(keyHex, 'hex');
  return envelopeEncryption({ kms: localKeyring({ keys: Object.fromEntries(tenants.map((id) => [id, key])) }) });
}
