import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { SignJWT } from 'jose';
import { readConfig } from '../src/config.js';
import { startService } from '../src/service.js';

const secret = 'a-secret-of-tests-of-at-least-32-characters';
process.env['TENANTRY_KEYS'] = JSON.stringify({
  acme: randomBytes(32).toString('base64'),
  globex: randomBytes(32).toString('base64'),
});
const config = readConfig({
  NODE_ENV: 'development',
  JWT_SECRET: secret,
  TENANTRY_KEYS: process.env['TENANTRY_KEYS'],
  HOST: '127.0.0.1',
  PORT: '0',
  METRICS_PORT: '0',
  LOG_LEVEL: 'error',
  DRAIN_MS: '0',
});
const { url, stop } = await startService(config);
after(stop);

const body = { customer: 'Ada', quantity: 2 };

async function put(id: string, content: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const token = await new SignJWT({ tenant: 'acme' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(secret));
  return fetch(`${url}/shipments/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(content),
  });
}

test('publishes what a caller puts', async () => {
  const shipmentId = randomUUID();
  const response = await put(shipmentId, body);
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { shipmentId, eventId: `${shipmentId}.requested` });
});

test('says which fields are wrong', async () => {
  const response = await put(randomUUID(), { ...body, quantity: 0 });
  assert.equal(response.status, 400);
  const { code, message } = (await response.json()) as { code: string; message: string };
  assert.equal(code, 'VALIDATION_FAILED');
  assert.match(message, /quantity/);
});

test('takes the tenant from the token alone', async () => {
  assert.equal((await put(randomUUID(), body, { authorization: 'Bearer acme', 'tenant-id': 'acme' })).status, 401);
});

test('is live and ready', async () => {
  assert.equal((await fetch(`${url}/health/live`)).status, 200);
  assert.equal((await fetch(`${url}/health/ready`)).status, 200);
});
