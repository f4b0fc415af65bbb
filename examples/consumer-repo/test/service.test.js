// The whole way, on the real client against a broker in this process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka, outcomes } from 'tenantry/testing';
import { InvoiceMade } from '../src/contracts.js';
import { register } from '../src/handlers.js';
import { OrderPlaced } from '../src/reads.js';

const keys = { acme: Buffer.alloc(32, 1), globex: Buffer.alloc(32, 2) };

test('makes the invoices of each tenant', async () => {
  const broker = await EmbeddedKafka.start();
  const encryption = envelopeEncryption({ kms: localKeyring({ keys }) });
  const kafka = new TenantKafka({ clientId: 'invoices', brokers: broker.brokers, encryption });
  try {
    await kafka.admin.createTopics([OrderPlaced, InvoiceMade], {
      replicationFactor: 1,
      groups: ['invoices', 'readers'],
    });
    const worker = kafka.worker('invoices');
    register(worker);
    /** @type {string[]} */
    const invoices = [];
    const reader = kafka.worker('readers').on(InvoiceMade, ({ tenantId, data }) => {
      invoices.push(`${tenantId} ${data.orderId} ${data.amount} ${data.currency}`);
    });
    await Promise.all([worker.start(), reader.start()]);
    await kafka.tenant('acme').publish(OrderPlaced, { orderId: '1', total: 5, currency: 'EUR' });
    await kafka.tenant('globex').publish(OrderPlaced, { orderId: '1', total: 7.25, currency: 'USD' });
    await outcomes(worker, { handled: 2 });
    await outcomes(reader, { handled: 2 });
    assert.deepEqual(invoices.sort(), ['acme 1 5.00 EUR', 'globex 1 7.25 USD']);
  } finally {
    await kafka.stop();
    await broker.stop();
  }
});
