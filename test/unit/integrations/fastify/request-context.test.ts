// The tenant of a request is ambient in all that runs for it, and in nothing that runs for another.
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ClientHarness } from '../../../support/client-harness.js';
import { exchange } from '../../../support/raw-http.js';
import { ProbeApp } from './probe-app.js';

vi.mock('../../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

let probe: ProbeApp;
let port: number;

beforeEach(async () => {
  probe = new ProbeApp(new ClientHarness().client);
  port = await probe.listen();
});

afterEach(() => probe.app.close());

const HOOKS = ['onRequest', 'onResponse', 'onSend', 'preHandler', 'preParsing', 'preValidation'];

it('through every hook, parser and handler, for requests that follow each other on a connection', async () => {
  const body = 'x'.repeat(100_000);
  const answers = await exchange(port, [
    { path: '/async', tenant: 'acme', body },
    { path: '/async', tenant: 'later:globex', body },
    { path: '/callback', tenant: 'initech' },
    { path: '/async', tenant: 'acme' },
    { path: '/async', tenant: 'globex', body },
  ]);
  expect(answers.match(/"tenant":"\w+"/g)).toEqual(
    ['acme', 'globex', 'initech', 'acme', 'globex'].map((tenant) => `"tenant":"${tenant}"`),
  );
  expect(probe.places).toEqual(['handler', 'handler later', ...HOOKS, 'parser', 'preSerialization'].sort());
  expect(probe.wrong).toEqual([]);
});

it('also where bodies come in pieces, and late', async () => {
  const requests = ['acme', 'globex'].map((tenant) => ({ path: '/async', tenant, body: 'late' }));
  await exchange(port, requests, { gapMs: 10 });
  expect(probe.places).toContain('parser');
  expect(probe.wrong).toEqual([]);
});

it('while streams are read whose answers wait for each other, and for the reader', async () => {
  const requests = [
    { path: '/stream', tenant: 'acme' },
    { path: '/generator', tenant: 'globex' },
    { path: '/none', tenant: 'acme' },
    { path: '/stream', tenant: 'initech' },
    { path: '/generator', tenant: 'acme' },
  ];
  await exchange(port, requests, { pauseMs: 100 });
  expect(probe.places).toEqual(['generator', 'handler', ...HOOKS, 'stream'].sort());
  expect(probe.wrong).toEqual([]);
});

it('where handlers throw, and where a body cannot be parsed', async () => {
  await exchange(port, [
    { path: '/throws', tenant: 'acme' },
    { path: '/throws', tenant: 'globex' },
    { path: '/async', tenant: 'initech', body: '{', type: 'application/json' },
  ]);
  expect(probe.places).toEqual(expect.arrayContaining(['errorHandler', 'onError', 'onResponse']));
  expect(probe.wrong).toEqual([]);
});

it('where the client goes away, and where the connection times out', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /hangs HTTP/1.1\r\nHost: test\r\nAuthorization: acme\r\n\r\n');
  await vi.waitFor(() => expect(probe.places).toContain('handler'));
  socket.destroy();
  await vi.waitFor(() => expect(probe.places).toContain('onRequestAbort'));
  await exchange(port, [{ path: '/hangs', tenant: 'globex' }]);
  expect(probe.places).toContain('onTimeout');
  expect(probe.wrong).toEqual([]);
});

it('for many requests of several tenants at once, over several connections', async () => {
  const tenants = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
  const paths = ['/async', '/callback', '/throws', '/async'];
  const connections = Array.from({ length: 10 }, (_, at) =>
    exchange(
      port,
      tenants.map((tenant, index) => ({
        path: paths[(index + at) % paths.length]!,
        tenant: index % 3 === 0 ? `later:${tenant}` : tenant,
      })),
    ),
  );
  const answers = await Promise.all(connections);
  expect(answers.flatMap((text) => text.match(/HTTP\/1\.1 \d+/g) ?? [])).toHaveLength(200);
  expect(probe.wrong).toEqual([]);
});

it('is none on a route that needs none, whatever ran on the connection before', async () => {
  const none = { path: '/none', tenant: 'globex' };
  await exchange(port, [{ path: '/stream', tenant: 'acme' }, none, { path: '/async', tenant: 'acme' }, none], {
    pauseMs: 50,
  });
  expect(probe.sightings.filter(({ expected }) => expected === undefined).length).toBeGreaterThan(200);
  expect(probe.wrong).toEqual([]);
});
