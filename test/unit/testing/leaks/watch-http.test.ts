import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputNow, type Output } from '../../../../src/testing/leaks/watch/output.js';
import { runAs } from '../../../../src/testing/leaks/watch/owner.js';
import { watchHttp, type HttpWatch } from '../../../../src/testing/leaks/watch/watch-http.js';

// As a module does that was loaded before the watch began.
const earlyFetch = globalThis.fetch;
const server = http.createServer((request, response) => {
  request.resume().on('end', () => response.end('{}'));
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function seen(work: () => Promise<unknown>): Promise<{ outputs: Output[]; watch: HttpWatch }> {
  const outputs: Output[] = [];
  const gate = { send: (request: () => Promise<Response>) => request(), begin: () => () => undefined };
  const watch = watchHttp((...args) => outputs.push(outputNow(...args)), gate);
  try {
    await work();
  } finally {
    watch.stop();
  }
  return { outputs, watch };
}

const read = async (response: Promise<Response>): Promise<string> => (await response).text();
const textAt = ({ leaves }: Output, path: string): string | undefined =>
  leaves?.find((leaf) => leaf.path === path && !leaf.isName)?.text;
const form = new FormData();
form.append('name', 'Ada');
const files = new FormData();
files.append('name', new Blob(['Ada']), 'name.txt');
const post = { method: 'POST' };

it.each<[string, () => Promise<unknown>, string]>([
  ['a text', () => read(fetch(url, { ...post, body: 'Ada' })), '/body'],
  ['JSON', () => read(fetch(url, { ...post, body: '{"name":"Ada"}' })), '/body/name'],
  ['bytes', () => read(fetch(url, { ...post, body: Buffer.from('Ada') })), '/body'],
  ['an array buffer', () => read(fetch(url, { ...post, body: new TextEncoder().encode('Ada').buffer })), '/body'],
  ['parameters', () => read(fetch(url, { ...post, body: new URLSearchParams({ name: 'Ada' }) })), '/body/name'],
  ['a form', () => read(fetch(url, { ...post, body: form })), '/body/name'],
  ['a file of a form', () => read(fetch(url, { ...post, body: files })), '/body/files/0/content'],
  ['a blob', () => read(fetch(url, { ...post, body: new Blob(['{"name":"Ada"}']) })), '/body/name'],
  ['a Request', () => read(fetch(new Request(url, { ...post, body: '{"name":"Ada"}' }))), '/body/name'],
  [
    'gzip',
    () => read(fetch(url, { ...post, headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"name":"Ada"}') })),
    '/body/name',
  ],
  ['a query', () => read(fetch(`${url}/?name=Ada`)), '/query/name'],
  ['a path', () => read(fetch(`${url}/%41da`)), '/path'],
  ['a header', () => read(fetch(url, { headers: { 'x-name': 'Ada' } })), '/headers/x-name'],
])('sees what fetch sends once: %s', async (_, send, path) => {
  const { outputs, watch } = await seen(send);
  expect(outputs.map((output) => textAt(output, path)?.replace('/', ''))).toEqual(['Ada']);
  expect(watch.bodiesNotSeen).toBe(0);
});

it('sees what node:http sends, in pieces too', async () => {
  const { outputs } = await seen(
    () =>
      new Promise((resolve, reject) => {
        const request = http.request(`${url}/a?b=c`, { method: 'PUT', headers: { 'x-name': 'Ada' } }, (response) =>
          response.resume().on('end', resolve),
        );
        request.on('error', reject).write('{"na');
        request.write(Buffer.from('me":'));
        request.end('"Ada"}');
      }),
  );
  expect(outputs).toHaveLength(1);
  const [output] = outputs as [Output];
  expect(output.name).toBe(`PUT ${url.replace('http://', '')}`);
  expect(['/path', '/query/b', '/headers/x-name', '/body/name'].map((path) => textAt(output, path))).toEqual([
    '/a',
    'c',
    'Ada',
    'Ada',
  ]);
});

it.each([
  ['a list', ['X-Name', 'Ada', 'X-More', 'Bob', 'x-more', 'Cid', 'Host', 'example.com']],
  [
    'a list of pairs',
    [
      ['x-name', 'Ada'],
      ['x-more', 'Bob'],
      ['x-more', 'Cid'],
      ['host', 'example.com'],
    ],
  ],
])('sees headers that are given to node:http as %s', async (_, headers) => {
  const { outputs } = await seen(
    () =>
      new Promise((resolve, reject) => {
        const options = { method: 'PUT', headers: headers as string[] };
        http
          .request(url, options, (response) => response.resume().on('end', resolve))
          .on('error', reject)
          .end('Dan');
      }),
  );
  expect(outputs).toHaveLength(1);
  const [output] = outputs as [Output];
  expect(output.name).toBe('PUT example.com');
  const paths = ['/headers/x-name', '/headers/x-more/0', '/headers/x-more/1', '/body'];
  expect(paths.map((path) => textAt(output, path))).toEqual(['Ada', 'Bob', 'Cid', 'Dan']);
});

describe('of node:http sees what is never ended, in the context of who wrote it', () => {
  const run = { tenantId: 'acme', eventType: 'a.b.v1', record: 0, attempt: 1 };
  const begin = (work: (request: http.ClientRequest) => void): http.ClientRequest =>
    runAs(run, () => {
      const request = http.request(`${url}/a`, { method: 'PUT', headers: { 'x-name': 'Ada' } });
      work(request.on('error', () => undefined));
      return request;
    });
  const all = ({ name, run: by, ...output }: Output): unknown[] => [
    name,
    by,
    ...['/path', '/headers/x-name', '/body'].map((path) => textAt(output as Output, path)),
  ];
  const put = (): string => `PUT ${url.replace('http://', '')}`;

  it('where it was given up', async () => {
    const { outputs } = await seen(async () => {
      const request = begin((mine) => mine.write('{"name":'));
      request.write('"Ada');
      await once(request, 'socket');
      await new Promise((resolve) => request.on('close', resolve).destroy());
    });
    expect(outputs.map(all)).toEqual([[put(), run, '/a', 'Ada', '{"name":"Ada']]);
  });

  it('where it stays open', async () => {
    const { outputs } = await seen(() => Promise.resolve(begin((mine) => mine.write('Ada'))));
    expect(outputs.map(all)).toEqual([[put(), run, '/a', 'Ada', 'Ada']]);
  });

  it('where only its headers were sent', async () => {
    const { outputs } = await seen(() => {
      begin((mine) => {
        mine.flushHeaders();
      });
      return Promise.resolve();
    });
    expect(outputs.map(all)).toEqual([[put(), run, '/a', 'Ada', '']]);
  });
});

it('sees a fetch that was taken before the watch began, but not the body of it, and says so', async () => {
  const { outputs, watch } = await seen(() =>
    read(earlyFetch(`${url}/Ada`, { ...post, headers: { 'x-name': 'Ada' }, body: 'Ada' })),
  );
  expect(outputs.map((output) => [textAt(output, '/path'), textAt(output, '/body')])).toEqual([['/Ada', undefined]]);
  expect(outputs[0]?.leaves?.some(({ text }) => text === 'Ada')).toBe(true);
  expect(watch.bodiesNotSeen).toBe(1);
});

it('says where a body is a stream, which it does not look into', async () => {
  const body = new Blob(['Ada']).stream();
  const { watch } = await seen(() => read(fetch(url, { ...post, body, duplex: 'half' })));
  expect(watch.bodiesNotSeen).toBe(1);
});

const ada = Buffer.from('{"name":"Ada"}');
const packedBy = (coding: string, body: Uint8Array) => ({
  ...post,
  headers: { 'content-encoding': coding },
  body: Buffer.from(body),
});

it.each([
  ['several codings', packedBy('gzip, br', brotliCompressSync(gzipSync(ada)))],
  ['none, by name', packedBy('identity', ada)],
  ['in capitals', packedBy('GZIP', gzipSync(ada))],
  ['deflate without its wrapper', packedBy('deflate', deflateRawSync(ada))],
])('looks into what is packed with %s', async (_, init) => {
  const { outputs, watch } = await seen(() => read(fetch(url, init)));
  expect(outputs.map((output) => textAt(output, '/body/name'))).toEqual(['Ada']);
  expect(watch.bodiesNotSeen).toBe(0);
});

it.each([
  ['zstd', packedBy('zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]))],
  ['one that is known in one that is not', packedBy('gzip, compress', gzipSync(ada))],
  ['something else than its header says', packedBy('gzip', Buffer.from([1, 2, 3]))],
])('says that it does not look into what is packed with %s, however it is sent', async (_, init) => {
  for (const send of [() => fetch(url, init), () => fetch(new Request(url, init)), () => earlyFetch(url, init)]) {
    const { watch } = await seen(() => read(send()));
    expect(watch.bodiesNotSeen).toBe(1);
  }
  const { watch } = await seen(
    () =>
      new Promise((resolve, reject) => {
        const request = http.request(url, init, (response) => response.resume().on('end', resolve));
        request.on('error', reject).end(init.body);
      }),
  );
  expect(watch.bodiesNotSeen).toBe(1);
});

it('looks all the same into what only its header calls packed', async () => {
  const { outputs, watch } = await seen(() => read(fetch(url, packedBy('zstd', ada))));
  expect(outputs.map((output) => textAt(output, '/body/name'))).toEqual(['Ada']);
  expect(watch.bodiesNotSeen).toBe(1);
});

it('sees nothing any more once it is stopped', async () => {
  const { outputs } = await seen(() => Promise.resolve());
  await read(fetch(url));
  expect(outputs).toEqual([]);
  expect(globalThis.fetch).toBe(earlyFetch);
});
