import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { googleKms } from 'tenantry/google-kms';
import { contractOf } from './contract.js';
import { acme, failure, generate, unwrap } from './failing-calls.js';
import { GoogleServer } from './servers/google-server.js';

const RING = 'projects/shop/locations/europe-west3/keyRings/tenants/cryptoKeys';
const server = new GoogleServer();
let client: KeyManagementServiceClient;

beforeAll(async () => {
  await server.http.start();
  client = clientWith({ getClient: () => Promise.resolve({}), fetch });
});

beforeEach(() => {
  server.http.override = undefined;
  server.damage = 'none';
  server.http.requests.length = 0;
});

afterAll(async () => {
  await client.close();
  await server.http[Symbol.asyncDispose]();
});

/** The official client in its REST mode, on a loopback port and without real credentials. */
function clientWith(auth: object): KeyManagementServiceClient {
  return new KeyManagementServiceClient({
    fallback: true,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: server.http.port,
    auth: auth as never,
  });
}

const google = (keys: Parameters<typeof googleKms>[0]['keys']) => googleKms({ client, keys });

server.addKey(`${RING}/shared`);
server.addKey(`${RING}/old`);
server.addKey(`${RING}/disabled`, { state: 'DISABLED' });
server.addKey(`${RING}/rsa`, { purpose: 'ASYMMETRIC_DECRYPT' });

contractOf('Google Cloud KMS, its client against a server of ours', {
  service: () =>
    google({
      acme: [`${RING}/shared`, `${RING}/old`],
      globex: `${RING}/shared`,
      refused: `${RING}/disabled`,
      gone: `${RING}/none`,
    }),
  beforeRotation: () => google({ acme: `${RING}/old` }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-gone': 'gone' },
  silent: () => {
    server.http.override = () => undefined;
    return google(() => `${RING}/shared`);
  },
});

describe('a call of Cloud KMS', () => {
  it('names the configured key and carries the tenant as authenticated data', async () => {
    const service = google(`${RING}/of-{tenant}`);
    server.addKey(`${RING}/of-acme`);
    const { blob } = await generate(service);
    await unwrap(service, blob);
    const aad = Buffer.concat([Buffer.from('tenantry/1/kek'), Buffer.of(0, 0, 0, 4), Buffer.from('acme')]);
    expect(server.http.requests.map(({ path, body }) => [path, body['additionalAuthenticatedData']])).toEqual([
      [`/v1/${RING}/of-acme:encrypt`, aad.toString('base64')],
      [`/v1/${RING}/of-acme:decrypt`, aad.toString('base64')],
    ]);
  });

  it('refuses an asymmetric key', async () => {
    expect(await failure(generate(google(() => `${RING}/rsa`)))).toMatchObject({ kind: 'key-refused' });
  });

  it('threat 34: a destroyed key is gone, a disabled one refused', async () => {
    const key = server.addKey(`${RING}/short-lived`);
    const service = google(() => `${RING}/short-lived`);
    const { blob } = await generate(service);
    key.state = 'DISABLED';
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-refused', reason: 'FAILED_PRECONDITION' });
    key.state = 'DESTROYED';
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-gone', reason: 'KEY_DESTROYED' });
    expect(await failure(generate(service))).toMatchObject({ kind: 'key-gone' });
  });

  it('a missing right is a refusal', async () => {
    server.addKey(`${RING}/not-mine`);
    server.forbidden.add(`${RING}/not-mine`);
    expect(await failure(generate(google(() => `${RING}/not-mine`)))).toMatchObject({ kind: 'key-refused' });
  });

  it.each(['received', 'sent'] as const)('takes nothing that was damaged where it was %s', async (damage) => {
    const service = google(() => `${RING}/shared`);
    const { blob } = await generate(service);
    server.damage = damage;
    expect(await failure(generate(service))).toMatchObject({ kind: 'away', reason: 'damaged-on-its-way' });
    if (damage === 'sent') {
      expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'away', reason: 'damaged-on-its-way' });
    }
  });

  it.each([
    [400, 'INVALID_ARGUMENT', 'key-refused', 'data-key-refused'],
    [401, 'UNAUTHENTICATED', 'away', 'away'],
    [403, 'PERMISSION_DENIED', 'key-refused', 'key-refused'],
    [404, 'NOT_FOUND', 'key-gone', 'key-gone'],
    [429, 'RESOURCE_EXHAUSTED', 'away', 'away'],
    [500, 'INTERNAL', 'away', 'away'],
    [503, 'UNAVAILABLE', 'away', 'away'],
    [504, 'DEADLINE_EXCEEDED', 'away', 'away'],
  ])('threats 31, 37: %i %s means %s of a key and %s of a data key, and no text leaves', async (...row) => {
    const [code, status, ofKey, ofDataKey] = row;
    const service = google(() => `${RING}/shared`);
    const { blob } = await generate(service);
    server.http.requests.length = 0;
    server.http.override = () => ({ status: code, body: { error: { code, status, message: 'hunter2' } } });
    const [key, dataKey] = [await failure(generate(service)), await failure(unwrap(service, blob))];
    expect([key.kind, dataKey.kind]).toEqual([ofKey, ofDataKey]);
    expect(key.whole + dataKey.whole).not.toContain('hunter2');
    // Whoever waits decides about trying again.
    expect(server.http.requests).toHaveLength(2);
  });

  it.each(['', '{', 'null', '{}', '{"ciphertext":"AAAA"}'])(
    'threat 31: takes the nonsense %s for no data key',
    async (text) => {
      const service = google(() => `${RING}/shared`);
      server.http.override = () => text;
      expect(await failure(generate(service))).toMatchObject({ kind: 'away' });
    },
  );

  it('survives credentials that cannot be loaded, which the client alone would not', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    const homeless = clientWith({ getClient: () => Promise.reject(new Error('hunter2')), fetch });
    const failed = await failure(generate(googleKms({ client: homeless, keys: () => `${RING}/shared` })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(failed.kind).toBe('away');
    expect(failed.whole).not.toContain('hunter2');
    expect(rejections).toEqual([]);
  });

  it('asks only for names of keys, without a version', () => {
    for (const name of [`${RING}/k/cryptoKeyVersions/1`, `${RING}/`, 'k', `${RING}/a b`]) {
      expect(() => google(() => name).kekIds(acme)).toThrow(expect.objectContaining({ code: 'KEY_NOT_CONFIGURED' }));
    }
  });
});
