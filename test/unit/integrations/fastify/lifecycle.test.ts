// The client and its workers start and stop with the server.
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import type { EventConsumer } from 'tenantry';
import { tenantryFastify } from 'tenantry/fastify';
import { expect, it, vi, type Mock } from 'vitest';
import { tenantryError } from '../../../../src/core/errors.js';
import type { TenantKafka } from '../../../../src/client/tenant-kafka.js';

const STOPPED = { timedOut: false, unfinished: 0, uncommitted: 0 };

class Parts {
  readonly log: string[] = [];
  status: 'live' | 'degraded' | 'stuck' = 'live';
  startError: Error | undefined;

  readonly kafka = {
    tenant: () => undefined,
    start: async () => void this.log.push('client starts'),
    stop: async () => {
      this.log.push('client stops');
      return STOPPED;
    },
  } as unknown as TenantKafka;

  readonly worker = {
    start: async () => {
      if (this.startError !== undefined) throw this.startError;
      this.log.push('worker starts');
    },
    stop: async () => {
      this.log.push('worker stops');
      return STOPPED;
    },
    health: () => ({ status: this.status, reasons: ['acme has a secret'] }),
  } as unknown as EventConsumer;

  server(): FastifyInstance {
    const app = Fastify();
    const { kafka, worker } = this;
    const health = { live: '/live', ready: '/ready' };
    void app.register(tenantryFastify, { kafka, tenantOf: () => undefined, workers: [worker], health });
    return app;
  }
}

/** Answers once `finish` is called. */
function addSlowRoutes(app: FastifyInstance): { readonly begun: Mock; readonly finish: () => void } {
  const begun = vi.fn();
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const config = { tenant: 'none' } as const;
  app.get('/slow', { config }, async () => {
    begun();
    await finished;
    return {};
  });
  app.get('/slow-stream', { config }, (_request, reply) => {
    begun();
    reply.send(
      Readable.from(
        (async function* () {
          yield '{';
          await finished;
          yield '}';
        })(),
      ),
    );
  });
  return { begun, finish };
}

it.each(['/slow', '/slow-stream'])('stops the client after the last request, here %s', async (path) => {
  const parts = new Parts();
  const app = parts.server();
  const { begun, finish } = addSlowRoutes(app);
  app.addHook('onListen', async () => void parts.log.push('listens'));
  app.addHook('onResponse', async () => void parts.log.push('answered'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const response = fetch(`${app.listeningOrigin}${path}`);
  await vi.waitFor(() => expect(begun).toHaveBeenCalled());
  const closed = app.close();
  await vi.waitFor(() => expect(parts.log).toContain('worker stops'));
  finish();
  expect(await (await response).json()).toEqual({});
  await closed;
  expect([...new Set(parts.log)]).toEqual([
    'client starts',
    'worker starts',
    'listens',
    'worker stops',
    'answered',
    'client stops',
  ]);
});

it('does not become ready without its workers, and leaves nothing running', async () => {
  const parts = new Parts();
  parts.startError = tenantryError('TOPIC_NOT_FOUND', 'no topic', { topics: ['orders'] });
  const app = parts.server();
  await expect(app.ready()).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
  expect(parts.log).toEqual(['client starts', 'client stops']);
  await app.close();
});

it('tells its health without reasons, which name tenants', async () => {
  const parts = new Parts();
  const app = parts.server();
  const answers: unknown[] = [];
  for (const status of ['live', 'degraded', 'stuck'] as const) {
    parts.status = status;
    for (const url of ['/live', '/ready']) {
      const response = await app.inject(url);
      answers.push([url, response.statusCode, response.json()]);
    }
  }
  expect(answers).toEqual([
    ['/live', 200, { status: 'live' }],
    ['/ready', 200, { status: 'live' }],
    ['/live', 200, { status: 'live' }],
    ['/ready', 200, { status: 'degraded' }],
    ['/live', 200, { status: 'live' }],
    ['/ready', 503, { status: 'stuck' }],
  ]);
  await app.close();
});

it('is not ready any more as soon as it closes', async () => {
  const parts = new Parts();
  const app = parts.server();
  let response: unknown;
  app.addHook('preClose', async () => {
    response = (await fetch(`${app.listeningOrigin}/ready`)).status;
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  await app.close();
  expect(response).toBe(503);
});
