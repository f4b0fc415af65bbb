import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.js';
import { RegistryFailure, RegistryHttp, type RegistryAuth } from '../../../../src/serde/registry/registry-http.js';
import { JsonServer, type JsonAnswer } from '../../../key-services/servers/json-server.js';

const servers: Pick<JsonServer, typeof Symbol.asyncDispose>[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function serving(...answers: readonly (JsonAnswer | string | undefined)[]): Promise<JsonServer> {
  const server = await new JsonServer(() => ({ status: 500 })).start();
  let count = 0;
  server.override = () => answers[Math.min(count++, answers.length - 1)];
  servers.push(server);
  return server;
}

function http(url: string, timeoutMs = 2_000, auth?: RegistryAuth): RegistryHttp {
  return new RegistryHttp({ url, auth, timeoutMs }, systemClock);
}

async function failure(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RegistryFailure);
  const { kind, message } = error as RegistryFailure;
  return `${kind} ${message}`;
}

describe('an answer', () => {
  it.each<[string, JsonAnswer | string, object]>([
    ['that finds', { status: 200, body: { id: 1 } }, { kind: 'found', body: { id: 1 } }],
    ['of no subject', { status: 404, body: { error_code: 40401 } }, { kind: 'none' }],
    ['of a subject that was deleted', { status: 404, body: { error_code: 40404 } }, { kind: 'none' }],
    ['of no schema', { status: 404, body: { error_code: 40403 } }, { kind: 'none' }],
    ['that it is incompatible', { status: 409, body: { error_code: 409 } }, { kind: 'refused', errorCode: 409 }],
    ['that it is invalid', { status: 422, body: { error_code: 42201 } }, { kind: 'refused', errorCode: 42201 }],
  ])('%s is definite', async (_, answer, expected) => {
    const { url, requests } = await serving(answer);
    expect(await http(url).call('GET', '/any')).toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });

  it.each<[string, JsonAnswer | string, string]>([
    ['a 404 that no registry gave', { status: 404, body: 'not here' }, 'away status.404'],
    ['a 404 with a code of something else', { status: 404, body: { error_code: 404 } }, 'away status.404'],
    ['a failing server', { status: 503 }, 'away status.503'],
    ['one that asks to come back', { status: 429 }, 'away status.429'],
    ['an old path', { status: 405 }, 'away status.405'],
    ['a page', '<html>', 'away no-json-object'],
    ['a list', '[]', 'away no-json-object'],
    ['too much', `{"schema":"${'x'.repeat(4 * 1024 * 1024)}"}`, 'away answer-too-long'],
  ])('that is %s is none, and asked for again twice', async (_, answer, expected) => {
    const { url, requests } = await serving(answer);
    expect(await failure(http(url).call('GET', '/any'))).toBe(expected);
    expect(requests).toHaveLength(3);
  });

  it('after failures counts', async () => {
    const { url, requests } = await serving({ status: 500 }, { status: 502 }, { status: 200, body: { id: 1 } });
    expect(await http(url).call('POST', '/any', { schema: '{}' })).toMatchObject({ kind: 'found' });
    expect(requests.map(({ method, body }) => [method, body])).toEqual(Array(3).fill(['POST', { schema: '{}' }]));
  });

  it.each([401, 403])('of %d is not asked for again', async (status) => {
    const { url, requests } = await serving({ status, body: { message: 'secret' } });
    expect(await failure(http(url).call('GET', '/any'))).toBe(`denied status.${status}`);
    expect(requests).toHaveLength(1);
  });
});

describe('a registry that', () => {
  it('never answers is given up in time', async () => {
    const { url, requests } = await serving(undefined);
    expect(await failure(http(url, 50).call('GET', '/any'))).toBe('away timeout');
    expect(requests).toHaveLength(1);
  });

  it('stops in the middle of its answer is given up in time', async () => {
    const server = createServer((_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/json' });
      outgoing.write('{"schema":');
    });
    servers.push({ [Symbol.asyncDispose]: () => closed(server) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await failure(http(url, 100).call('GET', '/any'))).toBe('away timeout');
  });

  it('is not there is away', async () => {
    const server = await serving({ status: 200 });
    const { url } = server;
    await server[Symbol.asyncDispose]();
    servers.pop();
    expect(await failure(http(url).call('GET', '/any'))).toBe('away Error.ECONNREFUSED');
  });
});

describe('whether a registry is there', () => {
  it('is told by any answer that is one, also a list', async () => {
    const { url, requests } = await serving('["orders-value"]');
    await http(url).ping();
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /subjects']);
  });

  it('is told by a list that is too long to be read', async () => {
    const { url, requests } = await serving(`["${'x'.repeat(4 * 1024 * 1024)}"]`);
    await http(url).ping();
    expect(requests).toHaveLength(1);
  });

  it('is not told by another status, which it names', async () => {
    const { url } = await serving({ status: 403 });
    expect(await failure(http(url).ping())).toBe('denied status.403');
    await expect(http(url).ping()).rejects.toMatchObject({ status: 403 });
  });
});

describe('credentials', () => {
  it.each<[RegistryAuth, string]>([
    [{ username: 'u', password: 'p:ä' }, `Basic ${Buffer.from('u:p:ä').toString('base64')}`],
    [{ token: 't' }, 'Bearer t'],
    [{ token: () => Promise.resolve('of now') }, 'Bearer of now'],
  ])('are sent', async (auth, expected) => {
    const { url, requests } = await serving({ status: 200, body: {} });
    await http(url, 2_000, auth).call('GET', '/any');
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([expected]);
  });

  it('never follow a redirect', async () => {
    const elsewhere = await serving({ status: 200, body: {} });
    const { url } = await serving({ status: 307, headers: { location: `${elsewhere.url}/any` } });
    expect(await failure(http(url, 2_000, { token: 't' }).call('GET', '/any'))).toBe('away status.307');
    expect(elsewhere.requests).toEqual([]);
  });

  it('that cannot be had are told without a word of why', async () => {
    const { url, requests } = await serving({ status: 200, body: {} });
    const token = (): string => {
      throw new Error('secret 4711');
    };
    expect(await failure(http(url, 2_000, { token }).call('GET', '/any'))).toBe('away Error');
    expect(requests).toEqual([]);
  });

  it('that never come are given up in time', async () => {
    const { url, requests } = await serving({ status: 200, body: {} });
    const asked = vi.fn(() => new Promise<string>(() => undefined));
    const call = http(url, 100, { token: asked }).call('GET', '/any');
    expect(await failure(call)).toBe('away timeout');
    expect(asked).toHaveBeenCalledOnce();
    expect(requests).toEqual([]);
  });
});

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
