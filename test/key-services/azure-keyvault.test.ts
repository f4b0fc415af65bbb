import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { azureKeyVault, type AzureDeletion } from 'tenantry/azure-keyvault';
import { contractOf } from './contract.js';
import { acme, destroy, failure, generate, unwrap } from './failing-calls.js';
import { AzureServer, SCHEDULED_PURGE_S } from './servers/azure-server.js';

const server = new AzureServer();

beforeAll(async () => {
  await server.http.start();
});

beforeEach(() => {
  server.http.override = undefined;
  server.mayDelete = true;
  server.recoveryLevel = 'Recoverable+Purgeable';
  server.http.requests.length = 0;
});

afterAll(async () => {
  await server.http[Symbol.asyncDispose]();
});

const credential = {
  getToken: () => Promise.resolve({ token: 'a-token-of-the-tests', expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** The official client, which elsewhere insists on TLS and on an address of Azure. */
const client = (keyId: string): CryptographyClient =>
  new CryptographyClient(keyId, credential, {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });

const deletion: AzureDeletion = {
  client: (vaultUrl) =>
    new KeyClient(vaultUrl, credential, {
      allowInsecureConnection: true,
      disableChallengeResourceVerification: true,
      retryOptions: { maxRetries: 0 },
    }),
};

const azure = (
  paths: Record<string, string | readonly string[]>,
  more: { deletion?: AzureDeletion | undefined } = {},
) =>
  azureKeyVault({
    client,
    keys: Object.fromEntries(
      Object.entries(paths).map(([tenantId, own]) => [
        tenantId,
        [own].flat().map((path) => `${server.http.url}${path}`),
      ]),
    ),
    ...more,
  });

const shared = server.addKey('shared');
const old = server.addKey('shared');
const disabled = server.addKey('disabled', { enabled: false });
const rsa = server.addKey('rsa', { kty: 'RSA-HSM' });
const doomed = server.addKey('doomed');
const binned = `/keys/binned/${'0'.repeat(32)}`;
server.deleted.add('binned');
const none = shared.replace('shared', 'none');

contractOf('Azure Key Vault, its client against a server of ours', {
  service: () =>
    azure(
      { acme: [shared, old], globex: shared, refused: disabled, gone: none, deleted: binned, doomed },
      { deletion },
    ),
  beforeRotation: () => azure({ acme: old }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-being-destroyed': 'deleted', 'key-gone': 'gone' },
  destruction: { doomed: 'doomed', shared: 'globex' },
  silent: () => {
    server.http.override = () => undefined;
    return azure({ acme: shared });
  },
});

describe('a call of Key Vault', () => {
  it('names the configured version of the key and carries the tenant as authenticated data', async () => {
    const service = azure({ acme: shared });
    const { blob } = await generate(service);
    await unwrap(service, blob);
    const aad = Buffer.concat([Buffer.from('tenantry/1/kek'), Buffer.of(0, 0, 0, 4), Buffer.from('acme')]);
    const calls = server.http.requests.filter(({ method }) => method === 'POST');
    expect(calls.map(({ path, body }) => [path, body['alg'], body['aad']])).toEqual([
      [`${shared}/encrypt`, 'A256GCM', aad.toString('base64url')],
      [`${shared}/decrypt`, 'A256GCM', aad.toString('base64url')],
    ]);
  });

  it('refuses an asymmetric key', async () => {
    expect(await failure(generate(azure({ acme: rsa })))).toMatchObject({ kind: 'key-refused', reason: 'encrypt-400' });
  });

  it('threat 34: a deleted key is gone, a disabled one refused', async () => {
    const path = server.addKey('short-lived');
    const service = azure({ acme: path });
    const { blob } = await generate(service);
    const key = server.keys.get(path)!;
    key.enabled = false;
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-refused' });
    server.keys.delete(path);
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-gone' });
  });

  it.each([
    [400, 'key-refused', 'data-key-refused'],
    [401, 'away', 'away'],
    [403, 'key-refused', 'key-refused'],
    [404, 'key-gone', 'key-gone'],
    [408, 'away', 'away'],
    [409, 'key-refused', 'key-refused'],
    [429, 'away', 'away'],
    [500, 'away', 'away'],
    [503, 'away', 'away'],
  ])(
    'threats 31, 37: %i means %s of a key and %s of a data key, and no text leaves',
    async (status, ofKey, ofDataKey) => {
      const service = azure({ acme: shared });
      const { blob } = await generate(service);
      server.http.override = () => ({ status, body: { error: { code: 'hunter2', message: 'hunter2' } } });
      const [key, dataKey] = [await failure(generate(service)), await failure(unwrap(service, blob))];
      expect([key.kind, dataKey.kind]).toEqual([ofKey, ofDataKey]);
      expect(key.whole + dataKey.whole).not.toContain('hunter2');
    },
  );

  it.each(['{', 'null', '{}', '{"value":"AAAA"}', '{"value":"AAAA","iv":"AAAA","tag":"AAAA"}'])(
    'threat 31: takes the nonsense %s for no answer',
    async (text) => {
      const service = azure({ acme: shared });
      await generate(service);
      server.http.override = () => text;
      expect(await failure(generate(service))).toMatchObject({ kind: 'away' });
    },
  );

  it('makes one client for each key', async () => {
    const make = vi.fn(client);
    const service = azureKeyVault({ client: make, keys: () => `${server.http.url}${shared}` });
    await generate(service);
    await generate(service);
    expect(make.mock.calls).toEqual([[`${server.http.url}${shared}`]]);
  });

  it('asks only for ids of keys, with a version, over TLS', () => {
    const version = '0'.repeat(32);
    for (const id of [
      'https://hsm.example/keys/k',
      `http://hsm.example/keys/k/${version}`,
      `https://hsm.example/secrets/k/${version}`,
      `https://hsm.example/keys/k/${version}?x`,
      `https://user@hsm.example/keys/k/${version}`,
      `https://hsm.example/keys/../keys/${version}`,
    ]) {
      const service = azureKeyVault({ client, keys: () => id });
      expect(() => service.kekIds(acme)).toThrow(expect.objectContaining({ code: 'KEY_NOT_CONFIGURED' }));
    }
    expect(azureKeyVault({ client, keys: () => `https://hsm.example/keys/k/${version}` }).kekIds(acme)).toHaveLength(1);
  });
});

describe('the destruction of a key of Azure', () => {
  const recoverable = (name: string): object => ({
    state: 'scheduled',
    dueAtMs: SCHEDULED_PURGE_S * 1_000,
    answer: {
      name,
      recoveryId: `${server.http.url}/deletedkeys/${name}`,
      recoveryLevel: server.recoveryLevel,
      scheduledPurgeDate: new Date(SCHEDULED_PURGE_S * 1_000).toISOString(),
    },
  });

  it('deletes the key with all of its versions, which can be recovered until its retention is over', async () => {
    const [first, second] = [server.addKey('erased'), server.addKey('erased')];
    const service = azure({ acme: [second, first] }, { deletion });
    const destruction = await destroy(service);
    expect(destruction).toEqual({ ...recoverable('erased'), keyUri: `${server.http.url}${second}` });
    expect([first, second].map((id) => server.keys.has(id))).toEqual([false, false]);
    // The other version is another key of the tenant, and is deleted already.
    const [, previous] = service.kekIds(acme);
    const signal = new AbortController().signal;
    expect(await service.destroyKek!(acme, previous!, { exclusive: false }, signal)).toMatchObject(
      recoverable('erased'),
    );
    expect(await destroy(service)).toEqual(destruction);
    expect(server.http.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });

  it('purges it where that is asked for and allowed', async () => {
    const path = server.addKey('purged');
    const service = azure({ acme: path }, { deletion: { ...deletion, purge: true } });
    expect(await destroy(service)).toMatchObject({ state: 'destroyed', answer: { name: 'purged', purged: true } });
    expect(server.deleted.has('purged')).toBe(false);
    expect(await destroy(service)).toMatchObject({ state: 'destroyed', answer: { name: 'purged', status: 404 } });
    expect(await failure(generate(service))).toMatchObject({ kind: 'key-gone' });
  });

  it('purges what was deleted before', async () => {
    const path = server.addKey('later');
    await destroy(azure({ acme: path }, { deletion }));
    const purging = azure({ acme: path }, { deletion: { ...deletion, purge: true } });
    expect(await destroy(purging)).toMatchObject({ state: 'destroyed' });
  });

  it('leaves a key whose vault is protected against purging to its retention', async () => {
    server.recoveryLevel = 'Recoverable';
    const path = server.addKey('protected');
    const service = azure({ acme: path }, { deletion: { ...deletion, purge: true } });
    expect(await destroy(service)).toMatchObject(recoverable('protected'));
  });

  it('deletes no key of which another tenant has a version, however its name is written', async () => {
    const [own, others] = [server.addKey('both'), server.addKey('both')];
    for (const theirs of [own, others, others.replace('both', 'BOTH')]) {
      for (const exclusive of [false, true]) {
        const service = azure({ acme: own, globex: theirs }, { deletion });
        await expect(destroy(service, { exclusive })).rejects.toMatchObject({ code: 'KEY_SHARED' });
      }
    }
    expect(server.keys.has(own)).toBe(true);
  });

  it('needs the option, and the right', async () => {
    const path = server.addKey('kept');
    await expect(destroy(azure({ acme: path }))).rejects.toMatchObject({ code: 'KEY_INDESTRUCTIBLE' });
    server.mayDelete = false;
    expect(await failure(destroy(azure({ acme: path }, { deletion })))).toMatchObject({ kind: 'key-refused' });
    expect(server.keys.has(path)).toBe(true);
  });

  it('threat 34: without the option or the right to ask for deleted keys, a deleted key is gone', async () => {
    const path = server.addKey('soft');
    const service = azure({ acme: path }, { deletion });
    await destroy(service);
    expect(await failure(generate(service))).toMatchObject({
      kind: 'key-being-destroyed',
      reason: 'deleted-not-purged',
    });
    expect(await failure(generate(azure({ acme: path })))).toMatchObject({ kind: 'key-gone' });
    server.mayDelete = false;
    expect(await failure(generate(service))).toMatchObject({ kind: 'key-gone' });
  });
});
