import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.js';

const secret = 'a-secret-of-development-that-nobody-prints';
const development = { NODE_ENV: 'development', JWT_SECRET: secret, TENANTRY_KEYS: '{}' };
const production = {
  TENANTRY_KEYS: '{}',
  KAFKA_BROKERS: 'kafka-1:9093, kafka-2:9093',
  JWT_ISSUER: 'https://id.example.com/',
  JWT_AUDIENCE: 'shipments',
  JWT_JWKS_URL: 'https://id.example.com/keys',
};

test('needs little in development', () => {
  const { KAFKA_BROKERS, PORT, DRAIN_MS } = readConfig({ ...development, PORT: '8080' });
  assert.deepEqual({ KAFKA_BROKERS, PORT, DRAIN_MS }, { KAFKA_BROKERS: undefined, PORT: 8080, DRAIN_MS: 5_000 });
});

test('is production where nothing else is said, with TLS', () => {
  const { NODE_ENV, KAFKA_BROKERS, KAFKA_SSL } = readConfig(production);
  assert.equal(readConfig({ ...production, NODE_ENV: '' }).NODE_ENV, 'production');
  assert.deepEqual({ NODE_ENV, KAFKA_SSL }, { NODE_ENV: 'production', KAFKA_SSL: true });
  assert.deepEqual(KAFKA_BROKERS, ['kafka-1:9093', 'kafka-2:9093']);
});

test('tells every wrong variable at once, and no value', () => {
  const wrong = { ...development, JWT_SECRET: 'short-secret', PORT: '70000', LOG_LEVEL: 'loud', KAFKA_USERNAME: 'me' };
  assert.throws(() => readConfig(wrong), hasLines('PORT', 'LOG_LEVEL', 'JWT_SECRET', 'KAFKA_PASSWORD'));
  assert.throws(
    () => readConfig({ JWT_SECRET: 'short-secret', JWT_JWKS_URL: 'http://id.example.com/keys' }),
    hasLines('TENANTRY_KEYS', 'KAFKA_BROKERS', 'JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL'),
  );
});

test('takes nothing for development in production', () => {
  assert.ok(!('JWT_SECRET' in readConfig({ ...production, JWT_SECRET: secret })));
});

function hasLines(...names: string[]) {
  return ({ message }: Error) => {
    const found = [...message.matchAll(/^ {2}(\w+): ./gm)].map(([, name]) => name);
    assert.deepEqual(found.sort(), names.sort());
    assert.ok(!message.includes('short-secret') && !message.includes('70000'));
    return true;
  };
}
