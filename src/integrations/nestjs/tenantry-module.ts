import { Inject, Module, type DynamicModule, type NestModule } from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  ModuleRef,
  Reflector,
} from '@nestjs/core';
import { TenantKafka } from '../../client/tenant-kafka.js';
import { boundHandlers } from './bound-handlers.js';
import { TenantryErrorFilter } from './error-filter.js';
import {
  checkModuleOptions,
  type ModuleParts,
  type TenantryModuleAsyncOptions,
  type TenantryModuleOptions,
} from './options.js';
import { tenantMiddleware } from './request-tenants.js';
import { TenantGuard } from './tenant-guard.js';
import { TenantryWorkers } from './tenantry-workers.js';

const PARTS = Symbol('tenantry.module-parts');

/**
 * A module for NestJS 11, on Express or Fastify: each HTTP request runs inside its tenant, methods with `HandleEvent`
 * are handlers, and the client and its workers start and stop with the application. It is global: `TenantKafka` and
 * `TenantryWorkers` can be injected everywhere. Call `app.enableShutdownHooks()`, or nothing stops at SIGTERM.
 *
 * A request is refused with 401 `TENANT_CONTEXT_MISSING`, 400 `INVALID_TENANT_ID`, 403 `UNKNOWN_TENANT`, or as the
 * error of `tenantOf` says. `RATE_LIMITED` that nobody catches becomes 429 with `Retry-After`.
 */
export class TenantryModule implements NestModule {
  readonly #parts: ModuleParts;
  readonly #host: HttpAdapterHost;

  /** @internal */
  constructor(parts: ModuleParts, host: HttpAdapterHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** The module. `init` fails with `INVALID_OPTIONS`, and with what `TenantKafka.start` and `Worker.start` throw. */
  static forRoot(options: TenantryModuleOptions): DynamicModule {
    return TenantryModule.forRootAsync({ useFactory: () => options });
  }

  /** The module with options that are made of other providers. */
  static forRootAsync({ imports = [], inject = [], useFactory }: TenantryModuleAsyncOptions): DynamicModule {
    return {
      module: TenantryModule,
      global: true,
      imports: [...imports, DiscoveryModule],
      providers: [
        {
          provide: PARTS,
          inject,
          useFactory: async (...given: unknown[]) => checkModuleOptions(await useFactory(...given)),
        },
        { provide: TenantKafka, inject: [PARTS], useFactory: ({ kafka }: ModuleParts) => kafka },
        {
          provide: TenantryWorkers,
          inject: [PARTS, DiscoveryService, ModuleRef],
          useFactory: (parts: ModuleParts, discovery: DiscoveryService, moduleRef: ModuleRef) =>
            new TenantryWorkers(parts, () => boundHandlers(discovery, moduleRef)),
        },
        {
          provide: APP_GUARD,
          inject: [Reflector, PARTS],
          useFactory: (reflector: Reflector, { kafka, tenantOf }: ModuleParts) =>
            tenantOf === undefined ? { canActivate: () => true } : new TenantGuard(reflector, kafka),
        },
        {
          provide: APP_FILTER,
          inject: [HttpAdapterHost],
          useFactory: ({ httpAdapter }: HttpAdapterHost) => new TenantryErrorFilter(httpAdapter),
        },
      ],
      exports: [TenantKafka, TenantryWorkers],
    };
  }

  /** @internal Before all other middleware, and for all paths, so that none of it runs without the tenant. */
  configure(): void {
    this.#host.httpAdapter.use(tenantMiddleware(this.#parts));
  }
}

// As decorators do; src is compiled without them.
Module({})(TenantryModule);
Inject(PARTS)(TenantryModule, undefined, 0);
Inject(HttpAdapterHost)(TenantryModule, undefined, 1);
