import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { googleKms } from 'tenantry/google-kms';
import { contractOf } from './contract.js';
import { acme, destroy, failure, generate, unwrap } from './failing-calls.js';
import { DESTROY_TIME, GoogleServer } from './servers/google-server.js';

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
server.addKey(`${RING}/doomed`);
server.addKey(`${RING}/scheduled`, { state: 'DESTROY_SCHEDULED' });
server.addKey(`${RING}/disabled`, { state: 'DISABLED' });
server.addKey(`${RING}/rsa`, { purpose: 'ASYMMETRIC_DECRYPT' });

contractOf('Google Cloud KMS, its client against a server of ours', {
  service: () =>
    google({
      acme: [`${RING}/shared`, `${RING}/old`],
      globex: `${RING}/shared`,
      refused: `${RING}/disabled`,
      gone: `${RING}/none`,
      scheduled: `${RING}/scheduled`,
      doomed: `${RING}/doomed`,
    }),
  beforeRotation: () => google({ acme: `${RING}/old` }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-being-destroyed': 'scheduled', 'key-gone': 'gone' },
  destruction: { doomed: 'doomed', shared: 'globex' },
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

describe('the destruction of a key of Cloud KMS', () => {
  const NAME = `${RING}/erased-acme`;
  const service = (): ReturnType<typeof google> => google(`${RING}/erased-{tenant}`);
  const dueAtMs = Date.parse(DESTROY_TIME);

  it('schedules every version that has material, and says when the last of them is destroyed', async () => {
    const key = server.addKey(NAME, { olderStates: ['DESTROYED', 'DISABLED', 'DESTROY_SCHEDULED', 'ENABLED'] });
    const answer = {
      name: NAME,
      versions: 5,
      destroyed: 1,
      destroyScheduled: 4,
      destroyTime: '2026-04-15T10:00:00.000Z',
    };
    expect(await destroy(service())).toEqual({ state: 'scheduled', keyUri: NAME, dueAtMs, answer });
    expect([...key.olderStates, key.state]).toEqual([
      'DESTROYED',
      ...Array.from({ length: 4 }, () => 'DESTROY_SCHEDULED'),
    ]);
    server.http.requests.length = 0;
    expect(await destroy(service())).toEqual({ state: 'scheduled', keyUri: NAME, dueAtMs, answer });
    expect(server.http.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('is destroyed once every version is', async () => {
    server.addKey(NAME, { olderStates: ['DESTROYED'], state: 'DESTROYED' });
    expect(await destroy(service())).toEqual({
      state: 'destroyed',
      keyUri: NAME,
      answer: { name: NAME, versions: 2, destroyed: 2 },
    });
  });

  it('goes on where it was interrupted by a version that is not ready', async () => {
    const key = server.addKey(NAME, { olderStates: ['ENABLED', 'PENDING_GENERATION'] });
    expect(await failure(destroy(service()))).toMatchObject({ kind: 'key-refused', reason: 'FAILED_PRECONDITION' });
    expect([...key.olderStates, key.state]).toEqual(['DESTROY_SCHEDULED', 'PENDING_GENERATION', 'ENABLED']);
    key.olderStates[1] = 'ENABLED';
    expect(await destroy(service())).toMatchObject({ state: 'scheduled' });
    expect(key.state).toBe('DESTROY_SCHEDULED');
  });

  it('certifies nothing about a key that Cloud KMS does not know, as no key is ever forgotten there', async () => {
    expect(await failure(destroy(google({ acme: `${RING}/mistyped` })))).toMatchObject({ kind: 'key-gone' });
  });

  it('threat 34: a key with one version left to use is refused, not being destroyed', async () => {
    server.addKey(NAME, { olderStates: ['ENABLED'], state: 'DESTROY_SCHEDULED' });
    expect(await failure(generate(service()))).toMatchObject({ kind: 'key-refused' });
  });

  it('threat 34: without the right to list versions, a key that is being destroyed is refused', async () => {
    server.addKey(NAME, { state: 'DESTROY_SCHEDULED' });
    expect(await failure(generate(service()))).toMatchObject({ kind: 'key-being-destroyed' });
    server.forbidden.add(`${NAME}/cryptoKeyVersions`);
    expect(await failure(generate(service()))).toMatchObject({ kind: 'key-refused' });
    expect(await failure(destroy(service()))).toMatchObject({ kind: 'key-refused', reason: 'PERMISSION_DENIED' });
    server.forbidden.clear();
  });

  it('needs a client that has the calls', async () => {
    const narrow = { initialize: () => Promise.resolve(), encrypt: never, decrypt: never };
    const keys = { acme: NAME };
    await expect(destroy(googleKms({ client: narrow, keys }))).rejects.toMatchObject({ code: 'KEY_INDESTRUCTIBLE' });
  });
});

function never(): Promise<never> {
  return Promise.reject(new Error('not to be called'));
}
