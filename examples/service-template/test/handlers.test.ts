import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliver, deliverUnchecked, fixtures } from 'tenantry/testing';
import { ShipmentAccepted, ShipmentRequested } from '../src/contracts.js';
import { acceptShipment } from '../src/handlers.js';

// Made from the contract: what it allows, up to its edges, and what it does not.
const { valid, boundary, invalid } = fixtures(ShipmentRequested);

for (const { name, data } of [...valid, ...boundary]) {
  test(`takes on ${name}`, async () => {
    const { outcome, published } = await deliver(acceptShipment, ShipmentRequested, data, { tenant: 'acme' });
    assert.equal(outcome, 'handled');
    assert.equal(published.length, 1);
    assert.equal(published[0]?.contract, ShipmentAccepted);
    assert.equal(published[0].tenantId, 'acme');
    assert.deepEqual(published[0].data, { shipmentId: data.shipmentId, quantity: data.quantity });
  });
}

for (const { name, data } of invalid) {
  test(`takes no ${name}`, async () => {
    const { outcome, tries } = await deliverUnchecked(acceptShipment, ShipmentRequested, data, { tenant: 'acme' });
    assert.equal(outcome, 'dead-lettered');
    assert.equal(tries.length, 0);
  });
}

test('publishes the same event where it is handled twice', async () => {
  const [fixture] = valid;
  assert.ok(fixture);
  const twice = [1, 2].map(() =>
    deliver(acceptShipment, ShipmentRequested, fixture.data, { tenant: 'acme', eventId: 'the-first' }),
  );
  const ids = (await Promise.all(twice)).flatMap(({ published }) => published.map(({ id }) => id));
  assert.deepEqual(ids, ['the-first.accepted', 'the-first.accepted']);
});
