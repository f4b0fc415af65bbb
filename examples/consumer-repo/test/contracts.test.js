// What keeps this service and the teams whose events it reads together. No broker, no network, no Docker.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recordExpectation, verifyConsumer } from 'tenantry/testing';
import { register } from '../src/handlers.js';

/** @param {string} path */
const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** @param {string} path */
const json = (path) => /** @type {unknown} */ (JSON.parse(readFileSync(file(path), 'utf8')));

test('goes with the contracts of the shop, and with its own', async () => {
  const { texts, contracts, published, expectation } = await verifyConsumer({
    consumer: 'invoices',
    bundles: [json('shop/contracts.json')],
    publishes: json('contracts/contracts.json'),
    register,
  });
  assert.deepEqual(texts, []);
  assert.ok(contracts.every(({ handled, rejected }) => handled > 0 && rejected > 0));
  assert.ok((published['invoices.made.v1'] ?? 0) > 0);
  const isNew = recordExpectation(file('expectations/invoices.json'), expectation);
  assert.ok(!isNew || process.env['CI'] === undefined, 'what this service expects has changed: commit expectations/');
});
