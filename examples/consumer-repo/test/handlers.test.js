import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliver, fixtures } from 'tenantry/testing';
import { InvoiceMade } from '../src/contracts.js';
import { makeInvoice } from '../src/handlers.js';
import { OrderPlaced } from '../src/reads.js';

const ACME = { tenant: 'acme' };

test('makes an invoice of an order, for the same tenant', async () => {
  const order = { orderId: '42', total: 9.5, currency: /** @type {const} */ ('CHF') };
  const { outcome, published } = await deliver(makeInvoice, OrderPlaced, order, ACME);
  assert.equal(outcome, 'handled');
  const [invoice] = published;
  assert.equal(invoice?.contract, InvoiceMade);
  assert.equal(invoice.tenantId, 'acme');
  assert.deepEqual(invoice.data, { orderId: '42', amount: '9.50', currency: 'CHF' });
});

test('makes an invoice of whatever order there may be', async () => {
  for (const { name, data } of fixtures(OrderPlaced).valid) {
    const { published } = await deliver(makeInvoice, OrderPlaced, data, ACME);
    assert.equal(published.length, 1, name);
  }
});
