// Who is not let in, and how errors are answered, on either platform.
import type { IncomingMessage } from 'node:http';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  Module,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory, Reflector, type AbstractHttpAdapter } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ErrorCode, TenantScope } from 'tenantry';
import { CurrentTenant, TenantOptional, TenantryModule, type TenantryModuleOptions } from 'tenantry/nestjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantGuard } from '../../../../src/integrations/nestjs/tenant-guard.js';
import { tenantryError } from '../../../../src/core/errors.js';
import { ClientHarness } from '../../../support/client-harness.js';

vi.mock('../../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

@Injectable()
class Failure {
  error: Error = new Error('none');
}

@Controller()
class TestController {
  constructor(@Inject(Failure) private readonly failure: Failure) {}

  @Get()
  root(@CurrentTenant() tenant: TenantScope) {
    return { tenant: tenant.id };
  }

  @Get('optional')
  @TenantOptional()
  optional() {
    return { optional: true };
  }

  @Get('optional-tenant')
  @TenantOptional()
  optionalTenant(@CurrentTenant() tenant: TenantScope) {
    return { tenant: tenant.id };
  }

  @Get('fails')
  async fails() {
    throw this.failure.error;
  }
}

describe.each<[string, () => AbstractHttpAdapter]>([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('on %s', (_platform, adapter) => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function serve(options: Partial<TenantryModuleOptions> = {}): Promise<void> {
    const { client } = new ClientHarness({ tenants: { acme: {} } });
    @Module({
      imports: [
        TenantryModule.forRootAsync({
          inject: [],
          useFactory: async () => ({ kafka: client, tenantOf: () => 'acme', ...options }),
        }),
      ],
      controllers: [TestController],
      providers: [Failure],
    })
    class TestModule {}
    app = await NestFactory.create(TestModule, adapter(), { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
  }

  async function get(path: string): Promise<{ status: number; retryAfter: string | null; body: unknown }> {
    const response = await fetch(`${await app.getUrl()}${path}`);
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() };
  }

  it('a request of a known tenant is let in', async () => {
    await serve();
    expect(await get('/')).toMatchObject({ status: 200, body: { tenant: 'acme' } });
  });

  it.each<[string, (request: IncomingMessage) => unknown, number, ErrorCode]>([
    ['that names no tenant', () => undefined, 401, 'TENANT_CONTEXT_MISSING'],
    ['that names no tenant, found out later', async () => undefined, 401, 'TENANT_CONTEXT_MISSING'],
    ['with a malformed tenant', () => 'acme:1', 400, 'INVALID_TENANT_ID'],
    ['of an unknown tenant', async () => 'globex', 403, 'UNKNOWN_TENANT'],
  ])('a request %s is refused, unless the tenant is optional', async (_what, tenantOf, statusCode, code) => {
    await serve({ tenantOf: tenantOf as never });
    expect(await get('/')).toMatchObject({ status: statusCode, body: { statusCode, code } });
    expect(await get('/optional')).toMatchObject({ status: 200, body: { optional: true } });
    expect((await get('/optional-tenant')).status).toBe(500);
  });

  it('a request is refused where tenantOf fails', async () => {
    await serve({ tenantOf: () => Promise.reject(new Error('no keys')) });
    expect((await get('/')).status).toBe(500);
  });

  it('a request has no tenant where there is no tenantOf', async () => {
    await serve({ tenantOf: undefined });
    expect((await get('/fails')).status).toBe(500);
    expect(await get('/optional')).toMatchObject({ status: 200 });
    expect((await get('/')).status).toBe(500);
  });

  it.each<[Error, number, string | null]>([
    [tenantryError('RATE_LIMITED', 'slow', { tenantId: 'acme', retryAfterMs: 1_001 }), 429, '2'],
    [tenantryError('KEY_SERVICE_AWAY', 'away'), 503, null],
    [tenantryError('TENANT_ISOLATION_VIOLATION', 'no'), 500, null],
    [new Error('other'), 500, null],
  ])('%s is answered', async (error, status, retryAfter) => {
    await serve();
    app.get(Failure).error = error;
    expect(await get('/fails')).toMatchObject({ status, retryAfter });
  });

  it("an error that is not the caller's fault is told by its code, and logged", async () => {
    await serve();
    const logged = vi.spyOn(Logger.prototype, 'error');
    const error = tenantryError('BROKER_UNREACHABLE', 'no answer of 10.0.0.1');
    app.get(Failure).error = error;
    const message = 'the server has failed; its log says why';
    expect((await get('/fails')).body).toEqual({ statusCode: 503, code: 'BROKER_UNREACHABLE', message });
    expect(logged).toHaveBeenCalledWith(error);
    logged.mockRestore();
  });
});

// GraphQL calls guards with a context of its own, in which only the application knows where the request is.
describe('a resolver of GraphQL', () => {
  const { client } = new ClientHarness({ tenants: { acme: {} } });
  const guard = new TenantGuard(new Reflector(), client);
  const contextOf = (handler: () => unknown, type = 'graphql'): ExecutionContext => {
    const context = new ExecutionContextHost([undefined, {}, { req: {} }, {}], TestController, handler);
    context.setType(type);
    return context;
  };
  const root = Object.getOwnPropertyDescriptor(TestController.prototype, 'root')?.value as () => unknown;
  const optional = Object.getOwnPropertyDescriptor(TestController.prototype, 'optional')?.value as () => unknown;

  it('is refused where its request was, unless the tenant is optional', () => {
    expect(() => guard.canActivate(contextOf(root))).toThrow(
      expect.objectContaining({ code: 'TENANT_CONTEXT_MISSING' }) as Error,
    );
    expect(guard.canActivate(contextOf(optional))).toBe(true);
  });

  it('is let in where its request runs for a tenant', () => {
    expect(client.tenant('acme').run(() => guard.canActivate(contextOf(root)))).toBe(true);
  });

  it('is not what is asked about over other transports', () => {
    expect(guard.canActivate(contextOf(root, 'rpc'))).toBe(true);
  });
});
