// The tenant of a request is ambient in all that Nest runs for it, on either platform.
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientHarness } from '../../../support/client-harness.js';
import { exchange, type Exchange, type RawRequest } from '../../../support/raw-http.js';
import { probeApp, type Sighting } from './probe-app.js';

vi.mock('../../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const TENANTS = ['acme', 'later:globex', 'initech', 'acme', 'later:initech'];

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s, the ambient tenant is that of the request', (_platform, adapter) => {
  let app: INestApplication;
  let sightings: readonly Sighting[];
  let shared: { readonly observers: readonly unknown[] };
  let send: (requests: readonly RawRequest[], how?: Exchange) => Promise<string>;

  beforeEach(async () => {
    const started = await probeApp(new ClientHarness().client, adapter());
    app = started.app;
    ({ sightings, shared } = started.probe);
    send = (requests, how) => exchange(started.port, requests, how);
  });

  afterEach(() => app.close());

  const wrong = (): readonly Sighting[] => sightings.filter(({ expected, ambient }) => expected !== ambient);
  const places = (): string[] => [...new Set(sightings.map(({ where }) => where))].sort();
  const tenantsIn = (text: string): string[] =>
    [...text.matchAll(/"tenant":"(\w+)"/g)].map(([, tenant = '']) => tenant);
  const plain = TENANTS.map((tenant) => tenant.replace('later:', ''));
  const BEFORE = ['guard', 'guard later', 'interceptor before', 'middleware', 'request-scoped constructor'];
  const AFTER = ['interceptor after', 'interceptor end', 'interceptor later'];

  it('in middleware, guards, pipes, interceptors, handlers and request-scoped providers', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(90_000) });
    const requests = TENANTS.map((tenant) => ({ path: '/promise', tenant, body, type: 'application/json' }));
    const answers = [...tenantsIn(await send(requests)), ...tenantsIn(await send(requests, { gapMs: 5 }))];
    expect(answers).toEqual([...plain, ...plain]);
    expect(places()).toEqual([...BEFORE, ...AFTER, 'handler', 'handler later', 'pipe', 'request-scoped'].sort());
    expect(wrong()).toEqual([]);
  });

  it('in observables, with their delays, whoever else waits for the same timer', async () => {
    const requests = TENANTS.map((tenant) => ({ path: '/observable', tenant }));
    const answers = await Promise.all([send(requests), send(requests), send([...requests].reverse())]);
    expect(answers.map(tenantsIn)).toEqual([plain, plain, [...plain].reverse()]);
    expect(places()).toEqual([...BEFORE, ...AFTER, 'observable', 'observable later'].sort());
    expect(wrong()).toEqual([]);
  });

  it('behind keepTenant, also where another request emits', async () => {
    const requests = TENANTS.map((tenant) => ({ path: '/shared', tenant }));
    const waiting = requests.map((request) => send([request]));
    await vi.waitFor(() => expect(shared.observers).toHaveLength(requests.length));
    await send([{ path: '/emit', tenant: 'other' }]);
    expect((await Promise.all(waiting)).flatMap(tenantsIn)).toEqual(plain);
    expect(places()).toEqual([...BEFORE, ...AFTER, 'behind keepTenant', 'handler'].sort());
    expect(wrong()).toEqual([]);
  });

  it('in server-sent events', async () => {
    const answers = await Promise.all(TENANTS.map((tenant) => send([{ path: '/sse', tenant }], { until: 'data: 4' })));
    expect(answers.every((text) => text.includes('data: 4'))).toBe(true);
    expect(places()).toContain('sse');
    expect(wrong()).toEqual([]);
  });

  it('while streams are read whose answers wait for each other, and for the reader', async () => {
    const requests = TENANTS.map((tenant) => ({ path: '/stream', tenant }));
    await send(requests, { pauseMs: 100 });
    expect(sightings.filter(({ where }) => where === 'stream').length).toBeGreaterThan(500);
    expect(wrong()).toEqual([]);
  });

  it('in exception filters', async () => {
    await send(TENANTS.map((tenant) => ({ path: '/throws', tenant })));
    expect(places()).toEqual([...BEFORE, 'filter', 'handler', 'interceptor end', 'interceptor error'].sort());
    expect(wrong()).toEqual([]);
  });

  it('or none, on a route that needs none, whatever ran on the connection before', async () => {
    const text = await send([
      { path: '/stream', tenant: 'acme' },
      { path: '/optional' },
      { path: '/optional', tenant: 'acme' },
    ]);
    expect(tenantsIn(text)).toEqual(['none', 'acme']);
    expect(wrong()).toEqual([]);
  });
});
