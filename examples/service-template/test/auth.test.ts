import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { tokenVerifier } from '../src/auth.js';
import { readConfig } from '../src/config.js';

const issuer = await generateKeyPair('ES256');
const jwks = JSON.stringify({ keys: [await exportJWK(issuer.publicKey)] });
const server = createServer((_request, response) => response.end(jwks)).listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => server.close());

const production = readConfig({
  TENANTRY_KEYS: '{}',
  KAFKA_BROKERS: 'localhost:9092',
  JWT_ISSUER: 'https://id.example.com/',
  JWT_AUDIENCE: 'shipments',
  JWT_JWKS_URL: 'https://id.example.com/keys',
});
const port = (server.address() as AddressInfo).port;
const tenantOf = tokenVerifier({ ...production, JWT_JWKS_URL: `http://127.0.0.1:${port}/` } as typeof production);

const exp = Math.floor(Date.now() / 1_000) + 60;
const good = { tenant: 'acme', iss: 'https://id.example.com/', aud: 'shipments', exp };

function token(claims: JWTPayload, { privateKey } = issuer): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
}

test('takes the tenant of a token of the issuer', async () => {
  assert.equal(await tenantOf(await token(good)), 'acme');
});

test('trusts no other', async () => {
  const { exp: _never, ...endless } = good;
  const tokens = [
    '',
    'acme',
    await token(good, await generateKeyPair('ES256')),
    await token({ ...good, exp: exp - 120 }),
    await token(endless),
    await token({ ...good, iss: 'https://elsewhere.example.com/' }),
    await token({ ...good, aud: 'another-service' }),
    await token({ ...good, tenant: ['acme'] }),
    await new SignJWT(good).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(jwks)),
  ];
  for (const one of tokens) assert.equal(await tenantOf(one), undefined, one);
});

test('blames no token where the keys of the issuer cannot be had', async () => {
  const away = tokenVerifier({ ...production, JWT_JWKS_URL: 'http://127.0.0.1:1/' } as typeof production);
  await assert.rejects(away(await token(good)));
});
