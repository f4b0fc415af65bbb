import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { vaultTransit } from 'tenantry/vault';
import { contractOf } from './contract.js';
import { acme, destroy, failure, generate, globex, unwrap } from './failing-calls.js';
import { VAULT_TOKEN, VaultServer } from './servers/vault-server.js';

const server = new VaultServer();

beforeAll(async () => {
  await server.http.start();
});

beforeEach(() => {
  server.http.override = undefined;
  server.http.requests.length = 0;
  server.forbidden.clear();
});

afterAll(async () => {
  await server.http[Symbol.asyncDispose]();
});

const vault = (keys: Parameters<typeof vaultTransit>[0]['keys'], token = VAULT_TOKEN) =>
  vaultTransit({ address: server.http.url, token, keys });

server.addKey('shared');
server.addKey('old');
server.addKey('doomed');
server.addKey('not-derived', { derived: false });
server.addKey('convergent', { convergent_encryption: true });
server.addKey('rsa', { type: 'rsa-4096', derived: false });
server.addKey('small', { type: 'aes128-gcm96' });

contractOf('Vault, as one of ours answers', {
  service: () =>
    vault({
      acme: ['shared', 'old'],
      globex: 'shared',
      refused: 'not-derived',
      gone: 'no-such-key',
      doomed: 'doomed',
    }),
  beforeRotation: () => vault({ acme: 'old' }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-gone': 'gone' },
  destruction: { doomed: 'doomed', shared: 'globex' },
  silent: () => {
    server.http.override = () => undefined;
    return vault(() => 'shared');
  },
});

describe('the destruction of a transit key', () => {
  it('allows the deletion, deletes at once, and answers the same when it is asked again', async () => {
    server.addKey('erased-acme');
    const service = vault('erased-{tenant}');
    await generate(service);
    server.http.requests.length = 0;
    const keyUri = `${server.http.url}/v1/transit/keys/erased-acme`;
    expect(await destroy(service)).toEqual({
      state: 'destroyed',
      keyUri,
      answer: {
        name: 'erased-acme',
        status: 204,
        type: 'aes256-gcm96',
        derived: true,
        latest_version: 1,
        exportable: false,
        allow_plaintext_backup: false,
      },
    });
    expect(server.http.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/v1/transit/keys/erased-acme', {}],
      ['POST', '/v1/transit/keys/erased-acme/config', { deletion_allowed: true }],
      ['DELETE', '/v1/transit/keys/erased-acme', {}],
    ]);
    expect(await destroy(service)).toEqual({
      state: 'destroyed',
      keyUri,
      answer: { name: 'erased-acme', status: 404 },
    });
  });

  it('never destroys a key from which those of several tenants are derived', async () => {
    const both = server.addKey('both');
    for (const exclusive of [false, true]) {
      const service = vault({ acme: 'both', globex: ['own', 'both'] });
      await expect(destroy(service, { exclusive })).rejects.toMatchObject({ code: 'KEY_SHARED' });
    }
    await expect(destroy(vault(() => 'both'))).rejects.toMatchObject({ code: 'KEY_SHARED' });
    expect(server.keys.get('both')).toBe(both);
    expect(server.http.requests).toEqual([]);
  });

  it('takes nothing for a destroyed key where no transit engine is mounted', async () => {
    const elsewhere = vaultTransit({
      address: server.http.url,
      token: VAULT_TOKEN,
      keys: { acme: 'k' },
      mount: 'other',
    });
    expect(await failure(destroy(elsewhere))).toMatchObject({ kind: 'key-gone' });
  });

  it.each([
    ['read', 'GET', 'transit/keys/guarded'],
    ['allow', 'POST', 'transit/keys/guarded/config'],
  ])('without the right to %s the key stays', async (_what, _method, path) => {
    server.addKey('guarded');
    server.forbidden.add(path);
    expect(await failure(destroy(vault({ acme: 'guarded' })))).toMatchObject({ kind: 'key-refused' });
    expect(server.keys.has('guarded')).toBe(true);
  });

  it('a key that is made anew under the name is checked anew', async () => {
    server.addKey('remade');
    const service = vault({ acme: 'remade' });
    await generate(service);
    await destroy(service);
    server.addKey('remade', { derived: false });
    expect(await failure(generate(service))).toMatchObject({ kind: 'key-refused', reason: 'key-not-derived' });
  });
});

describe('a key of transit that binds nothing', () => {
  it('opens for everybody, so the server of these tests has the trap', async () => {
    const post = async (path: string, body: object): Promise<Record<string, string>> => {
      const headers = { 'X-Vault-Token': VAULT_TOKEN };
      const response = await fetch(`${server.http.url}/v1/transit/${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return ((await response.json()) as { data: Record<string, string> }).data;
    };
    const made = await post('datakey/plaintext/not-derived', { context: 'YWNtZQ==' });
    const opened = await post('decrypt/not-derived', { ciphertext: made['ciphertext'], context: 'Z2xvYmV4' });
    expect(opened['plaintext']).toBe(made['plaintext']);
  });

  it.each([
    ['not-derived', 'key-not-derived'],
    ['convergent', 'key-convergent'],
    ['rsa', 'key-not-aes256-gcm96'],
    ['small', 'key-not-aes256-gcm96'],
  ])('threat 4: %s is refused before a data key is made or unwrapped', async (name, reason) => {
    const blob = Buffer.from(`vault:v1:${'A'.repeat(80)}`);
    expect(await failure(generate(vault(() => name)))).toMatchObject({ kind: 'key-refused', reason });
    expect(
      await failure(
        unwrap(
          vault(() => name),
          blob,
        ),
      ),
    ).toMatchObject({ kind: 'key-refused', reason });
    expect(server.http.requests.map(({ path }) => path)).toEqual([
      `/v1/transit/keys/${name}`,
      `/v1/transit/keys/${name}`,
    ]);
  });

  it('is looked for once for each key, and again after an outage', async () => {
    const service = vault(() => 'shared');
    server.http.override = () => ({ status: 503, body: { errors: ['Vault is sealed'] } });
    expect(await failure(generate(service))).toMatchObject({ kind: 'away', reason: 'read-key-503' });
    server.http.override = undefined;
    await Promise.all([generate(service), generate(service, globex)]);
    await generate(service);
    expect(server.http.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
  });
});

describe('a call of Vault', () => {
  it('carries the tenant as context, and the token and namespace in headers', async () => {
    const service = vaultTransit({
      address: `${server.http.url}/`,
      token: () => Promise.resolve(VAULT_TOKEN),
      keys: () => 'shared',
      namespace: 'platform/keys',
    });
    const { blob } = await generate(service);
    await unwrap(service, blob);
    const context = Buffer.concat([Buffer.from('tenantry/1/kek'), Buffer.of(0, 0, 0, 4), Buffer.from('acme')]);
    expect(server.http.requests.slice(1).map(({ path, body }) => [path, body['context']])).toEqual([
      ['/v1/transit/datakey/plaintext/shared', context.toString('base64')],
      ['/v1/transit/decrypt/shared', context.toString('base64')],
    ]);
    expect(server.http.requests[1]!.headers).toMatchObject({
      'x-vault-token': VAULT_TOKEN,
      'x-vault-namespace': 'platform/keys',
    });
  });

  it('threat 37: lets no text of Vault out, whatever it answers', async () => {
    const service = vault(() => 'shared');
    const { blob } = await generate(service);
    for (const status of [307, 400, 403, 404, 412, 429, 473, 500, 503]) {
      server.http.override = () => ({ status, body: { errors: ['hunter2'] }, headers: { location: '/hunter2' } });
      for (const call of [() => generate(service), () => unwrap(service, blob), () => generate(vault(() => 'other'))]) {
        expect((await failure(call())).whole).not.toContain('hunter2');
      }
    }
  });

  it.each([
    [307, 'away', 'away'],
    [400, 'key-refused', 'data-key-refused'],
    [403, 'key-refused', 'key-refused'],
    [404, 'key-gone', 'key-gone'],
    [412, 'away', 'away'],
    [429, 'away', 'away'],
    [473, 'away', 'away'],
    [500, 'away', 'away'],
    [503, 'away', 'away'],
  ])('threat 31: %i means %s of a key and %s of a data key', async (status, ofKey, ofDataKey) => {
    const service = vault(() => 'shared');
    const { blob } = await generate(service);
    server.http.override = () => ({ status, body: { errors: ['why'] } });
    expect(await failure(generate(service))).toMatchObject({ kind: ofKey });
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: ofDataKey });
  });

  it.each(['', '{', 'null', '[]', '"text"', '{"data":7}', `{"data":{"plaintext":"${'x'.repeat(70_000)}"}}`])(
    'threat 31: takes the nonsense %.20s for no answer',
    async (text) => {
      const service = vault(() => 'shared');
      await generate(service);
      server.http.override = () => text;
      expect(await failure(generate(service))).toMatchObject({ kind: 'away' });
    },
  );

  it('threat 28: passes on what is no data key for the one place that checks it', async () => {
    const service = vault(() => 'shared');
    await generate(service);
    server.http.override = () => '{"data":{"plaintext":"AAAA","ciphertext":7}}';
    expect(await generate(service)).toEqual({ plaintext: Buffer.alloc(3), blob: Buffer.alloc(0) });
    server.http.override = () => '{"data":{"plaintext":"not base64"}}';
    expect((await generate(service)).plaintext).toHaveLength(0);
  });

  it('a wrong token and a policy without a right are the same refusal', async () => {
    expect(await failure(generate(vault(() => 'shared', 'wrong')))).toMatchObject({ kind: 'key-refused' });
    server.forbidden.add('transit/decrypt/shared');
    const service = vault(() => 'shared');
    const { blob } = await generate(service);
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-refused', reason: 'decrypt-403' });
  });

  it('threat 34: a deleted key is gone', async () => {
    const key = server.addKey('short-lived');
    const service = vault(() => 'short-lived');
    const { blob } = await generate(service);
    server.keys.delete('short-lived');
    expect(await failure(generate(service))).toMatchObject({ kind: 'key-gone' });
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'key-gone' });
    server.keys.set('short-lived', key);
    expect(await unwrap(service, blob)).toHaveLength(32);
  });

  it('a data key under a retired version of the key counts against itself alone, as a forger could name it', async () => {
    const key = server.addKey('rotated');
    const service = vault(() => 'rotated');
    const { blob } = await generate(service);
    key.versions.push(Buffer.alloc(32, 7));
    expect(await unwrap(service, blob)).toHaveLength(32);
    expect(Buffer.from((await generate(service)).blob).toString()).toMatch(/^vault:v2:/);
    key.minDecryptionVersion = 2;
    expect(await failure(unwrap(service, blob))).toMatchObject({ kind: 'data-key-refused' });
  });

  it('follows no redirect, which would carry the token to wherever an answer says', async () => {
    const service = vault(() => 'shared');
    server.http.override = () => ({ status: 307, headers: { location: `${server.http.url}/elsewhere` } });
    expect(await failure(generate(service))).toMatchObject({ kind: 'away', reason: 'read-key-307' });
    expect(server.http.requests.map(({ path }) => path)).toEqual(['/v1/transit/keys/shared']);
  });

  it('keeps nobody waiting where nobody listens, or where the token cannot be had', async () => {
    const nowhere = vaultTransit({ address: 'http://127.0.0.1:1', token: 't', keys: () => 'shared' });
    expect(await failure(generate(nowhere))).toMatchObject({ kind: 'away' });
    const token = (): never => {
      throw new Error('hunter2');
    };
    const tokenless = vaultTransit({ address: server.http.url, token, keys: () => 'shared' });
    const failed = await failure(generate(tokenless));
    expect(failed.kind).toBe('away');
    expect(failed.whole).not.toContain('hunter2');
  });

  it('never shares the memory of a data key', async () => {
    const { plaintext } = await generate(vault(() => 'shared'));
    expect(plaintext.buffer.byteLength).toBe(32);
  });

  it('asks only for names of keys, wherever they come from', async () => {
    for (const name of ['../sys/seal', 'a/b', '', 'a?b', '.', 'a%2fb', '-a', 'a b']) {
      const service = vault(() => name);
      expect(() => service.kekIds(acme)).toThrow(expect.objectContaining({ code: 'KEY_NOT_CONFIGURED' }));
    }
    expect(server.http.requests).toEqual([]);
  });
});

const address = process.env['TENANTRY_TEST_VAULT'];

// A token that may make and delete transit keys, and a transit engine at `transit`.
describe.skipIf(address === undefined)('a Vault or OpenBao at TENANTRY_TEST_VAULT', () => {
  const token = process.env['TENANTRY_TEST_VAULT_TOKEN'] ?? '';
  const names = {
    shared: `tenantry-test-${process.pid}`,
    old: `tenantry-test-${process.pid}-old`,
    plain: `tenantry-test-${process.pid}-plain`,
    doomed: `tenantry-test-${process.pid}-doomed`,
  };
  const real = (keys: Parameters<typeof vaultTransit>[0]['keys']) =>
    vaultTransit({ address: address ?? '', token, keys });

  async function manage(method: string, path: string, body: object = {}): Promise<void> {
    const response = await fetch(`${address}/v1/transit/keys/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  }

  beforeAll(async () => {
    await manage('POST', names.shared, { derived: true });
    await manage('POST', names.old, { derived: true });
    await manage('POST', names.plain, { derived: false });
    await manage('POST', names.doomed, { derived: true });
  });

  afterAll(async () => {
    for (const name of [names.shared, names.old, names.plain]) {
      await manage('POST', `${name}/config`, { deletion_allowed: true });
      await manage('DELETE', name);
    }
  });

  contractOf('Vault, a real one', {
    service: () =>
      real({
        acme: [names.shared, names.old],
        globex: names.shared,
        refused: names.plain,
        gone: `${names.plain}-none`,
        doomed: names.doomed,
      }),
    beforeRotation: () => real({ acme: names.old }),
    tenants: ['acme', 'globex'],
    stranger: 'initech',
    unusable: { 'key-refused': 'refused', 'key-gone': 'gone' },
    destruction: { doomed: 'doomed', shared: 'globex' },
  });
});
