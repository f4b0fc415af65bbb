// Who is not let in, and how errors are answered.
import Fastify, { type FastifyInstance } from 'fastify';
import { tenantryFastify, type TenantryFastifyOptions } from 'tenantry/fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tenantryError } from '../../../../src/core/errors.js';
import type { ErrorCode } from '../../../../src/core/error-codes.js';
import { ClientHarness } from '../../../support/client-harness.js';

vi.mock('../../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

let app: FastifyInstance;

afterEach(() => app.close());

function serve(options: Partial<TenantryFastifyOptions> = {}): void {
  const { client } = new ClientHarness({ tenants: { acme: {} } });
  app = Fastify();
  void app.register(tenantryFastify, { kafka: client, tenantOf: () => 'acme', ...options });
  void app.register((child, _options, done) => {
    child.get('/', async (request) => ({ tenant: request.tenant.id, ambient: client.currentTenant }));
    child.get('/none', { config: { tenant: 'none' } }, async (request) => ({ tenant: request.tenant.id }));
    done();
  });
}

async function answer(url = '/'): Promise<unknown> {
  const response = await app.inject(url);
  const { code } = response.json<{ code?: string }>();
  return [response.statusCode, code];
}

describe('a preflight, which names no tenant', () => {
  const preflight = async (): Promise<number> => (await app.inject({ method: 'OPTIONS', url: '/orders' })).statusCode;
  const ofNobody = (): undefined => undefined;

  // As `@fastify/cors` answers it: in a hook, on a route for all paths.
  function answerPreflights(): void {
    app.addHook('onRequest', async (request, reply) => {
      if (request.method === 'OPTIONS') return reply.code(204).send();
      return undefined;
    });
    app.options('*', async () => 'not reached');
  }

  it('is answered by what comes before the plugin, and not by what comes behind it', async () => {
    app = Fastify();
    answerPreflights();
    const { client } = new ClientHarness({});
    void app.register(tenantryFastify, { kafka: client, tenantOf: ofNobody });
    expect(await preflight()).toBe(204);
    await app.close();

    serve({ tenantOf: ofNobody });
    await app.after();
    answerPreflights();
    expect(await preflight()).toBe(401);
  });

  it('is answered on a route that needs none', async () => {
    serve({ tenantOf: ofNobody });
    app.options('/orders', { config: { tenant: 'none' } }, async (_request, reply) => reply.code(204).send());
    expect(await preflight()).toBe(204);
  });
});

describe('a request', () => {
  it('of a known tenant is let in', async () => {
    serve();
    expect((await app.inject('/')).json()).toEqual({ tenant: 'acme', ambient: 'acme' });
  });

  it.each<[string, TenantryFastifyOptions['tenantOf'], number, ErrorCode]>([
    ['that names no tenant', () => undefined, 401, 'TENANT_CONTEXT_MISSING'],
    ['that names no tenant, found out later', async () => undefined, 401, 'TENANT_CONTEXT_MISSING'],
    ['with an empty tenant', () => '', 400, 'INVALID_TENANT_ID'],
    ['with a malformed tenant', () => 'acme:1', 400, 'INVALID_TENANT_ID'],
    ['with a tenant that is no text', () => ['acme'] as unknown as string, 400, 'INVALID_TENANT_ID'],
    ['of an unknown tenant', async () => 'globex', 403, 'UNKNOWN_TENANT'],
  ])('%s is refused', async (_what, tenantOf, status, code) => {
    serve({ tenantOf });
    expect(await answer()).toEqual([status, code]);
  });

  it.each<[string, TenantryFastifyOptions['tenantOf']]>([
    ['rejects', () => Promise.reject(Object.assign(new Error('no token'), { statusCode: 401, code: 'NO_TOKEN' }))],
    [
      'throws',
      () => {
        throw Object.assign(new Error('no token'), { statusCode: 401, code: 'NO_TOKEN' });
      },
    ],
  ])('is refused as the error says that tenantOf %s', async (_how, tenantOf) => {
    serve({ tenantOf });
    expect(await answer()).toEqual([401, 'NO_TOKEN']);
  });

  it.each<[string, TenantryFastifyOptions['tenantOf']]>([
    ['rejects', () => Promise.reject(undefined)],
    [
      'throws',
      () => {
        throw undefined;
      },
    ],
  ])('is refused also where tenantOf %s nothing', async (_how, tenantOf) => {
    serve({ tenantOf });
    expect(await answer()).toEqual([500, undefined]);
  });

  it('for a path that is not there is not asked for its tenant', async () => {
    const tenantOf = vi.fn(() => undefined);
    serve({ tenantOf });
    expect((await app.inject('/nowhere')).statusCode).toBe(404);
    expect(tenantOf).not.toHaveBeenCalled();
  });

  it('of a route that needs no tenant has none, and its scope is not to be had', async () => {
    serve();
    expect(await answer('/none')).toEqual([500, 'TENANT_CONTEXT_MISSING']);
  });
});

describe('an error that nobody catches', () => {
  it.each<[Error, number, string | undefined]>([
    [tenantryError('RATE_LIMITED', 'slow', { tenantId: 'acme', retryAfterMs: 1_001 }), 429, '2'],
    [tenantryError('RATE_LIMITED', 'slow', { tenantId: 'acme', retryAfterMs: 0 }), 429, '1'],
    [tenantryError('PUBLISH_QUEUE_FULL', 'full', { tenantId: 'acme', waiting: 7 }), 429, undefined],
    [tenantryError('BROKER_UNREACHABLE', 'away'), 503, undefined],
    [tenantryError('DELIVERY_UNKNOWN', 'lost', { eventId: '1' }), 504, undefined],
    [tenantryError('TENANT_ISOLATION_VIOLATION', 'no'), 500, undefined],
    [new Error('other'), 500, undefined],
  ])('%s is answered', async (error, status, retryAfter) => {
    serve();
    void app.register((child, _options, done) => {
      child.get('/fails', () => Promise.reject(error));
      done();
    });
    const response = await app.inject('/fails');
    expect([response.statusCode, response.headers['retry-after']]).toEqual([status, retryAfter]);
  });
});

describe('the status of an error that an application answers itself', () => {
  const slow = tenantryError('RATE_LIMITED', 'slow', { tenantId: 'acme', retryAfterMs: 1_001 });
  const answerOf = async (...build: ((child: FastifyInstance) => void)[]): Promise<unknown> => {
    serve();
    void app.register((child, _options, done) => {
      for (const each of build) each(child);
      done();
    });
    const { statusCode, headers } = await app.inject('/fails');
    return [statusCode, headers['retry-after']];
  };
  const failing = (child: FastifyInstance): void => {
    child.get('/fails', () => Promise.reject(slow));
  };

  it('is what the handler chose before it threw', async () => {
    const route = (child: FastifyInstance): void => {
      child.get('/fails', (_request, reply) => {
        reply.code(503).header('retry-after', '60');
        throw slow;
      });
    };
    expect(await answerOf(route)).toEqual([503, '60']);
  });

  it('is what its error handler chose', async () => {
    const chosen = (child: FastifyInstance): void => {
      child.setErrorHandler((error, _request, reply) => reply.code(418).send(error));
    };
    expect(await answerOf(chosen, failing)).toEqual([418, '2']);
  });

  it('is that of the error where its error handler chose none', async () => {
    const sent = (child: FastifyInstance): void => {
      child.setErrorHandler((error, _request, reply) => reply.send(error));
    };
    expect(await answerOf(sent, failing)).toEqual([429, '2']);
  });
});

describe('the message of an error that nobody catches', () => {
  const failing = async (error: unknown): Promise<unknown> => {
    void app.register((child, _options, done) => {
      child.get('/fails', () => {
        throw error;
      });
      done();
    });
    return (await app.inject('/fails')).json();
  };

  it('tells a caller of one tenant nothing of another', async () => {
    const { client } = new ClientHarness({ tenants: { acme: {}, globex: {} } });
    serve();
    let found: unknown;
    client.tenant('acme').run(() => {
      try {
        client.tenant('globex').run(() => undefined);
      } catch (error) {
        found = error;
      }
    });
    expect(await failing(found)).toEqual({
      statusCode: 500,
      code: 'TENANT_ISOLATION_VIOLATION',
      error: 'Internal Server Error',
      message: 'the server has failed; its log says why',
    });
  });

  it('tells nothing of what is behind the server', async () => {
    serve();
    const answer = await failing(tenantryError('BROKER_UNREACHABLE', 'no answer of "10.0.0.1"'));
    expect(answer).toMatchObject({ statusCode: 503, message: 'the server has failed; its log says why' });
  });

  it('is told where it is about the request, and where it is of the application', async () => {
    serve();
    const error = tenantryError('RATE_LIMITED', 'slow down', { tenantId: 'acme', retryAfterMs: 1 });
    expect(await failing(error)).toMatchObject({ message: 'slow down' });
    await app.close();
    serve();
    expect(await failing(new Error('of the application'))).toMatchObject({ message: 'of the application' });
  });
});

describe('the options', () => {
  it('are checked, all of them', async () => {
    app = Fastify();
    void app.register(tenantryFastify, { kafka: {}, tenantOf: 'acme', workers: [{}], health: { live: 'x' } } as never);
    await expect(app.ready()).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      problems: ['kafka', 'tenantOf', 'workers.0', 'health.live'].map((path): unknown =>
        expect.objectContaining({ path }),
      ),
    });
  });

  it('are given once: a second registration is refused', async () => {
    serve();
    void app.register(tenantryFastify, { kafka: new ClientHarness().client, tenantOf: () => 'globex' });
    await expect(app.ready()).rejects.toMatchObject({ code: 'FST_ERR_DEC_ALREADY_PRESENT' });
  });
});
