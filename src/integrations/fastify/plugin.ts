import type { FastifyPluginAsync } from 'fastify';
import type { TenantScope } from '../../api/tenant-scope.js';
import { checkOptions } from '../../core/invalid-options.js';
import { addHealthRoutes } from './health.js';
import { addLifecycle } from './lifecycle.js';
import { optionsSchema, type FastifyTenant, type TenantryFastifyOptions } from './options.js';
import { addRequestHooks } from './request-hooks.js';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The scope of the request's tenant.
     *
     * @throws TenantryError `TENANT_CONTEXT_MISSING` on a route that needs none
     */
    readonly tenant: TenantScope;
  }
  interface FastifyContextConfig {
    /** Whether the route needs a tenant. Default `required`. */
    readonly tenant?: FastifyTenant | undefined;
  }
}

/**
 * A plugin for Fastify 5: each request runs inside its tenant, whose scope is `request.tenant`, and the client and its
 * workers start and stop with the server. To be registered before what is to run inside the tenant; it holds for the
 * instance it is registered with, and what is below that.
 *
 * A request is refused with 401 `TENANT_CONTEXT_MISSING`, 400 `INVALID_TENANT_ID`, 403 `UNKNOWN_TENANT`, or as the
 * error of `tenantOf` says. `RATE_LIMITED` that nobody catches becomes 429 with `Retry-After`.
 *
 * @throws TenantryError `INVALID_OPTIONS`; the server does not become ready with what `TenantKafka.start` and
 * `Worker.start` throw
 */
export const tenantryFastify: FastifyPluginAsync<TenantryFastifyOptions> = Object.assign(
  // eslint-disable-next-line @typescript-eslint/require-await -- a plugin is async or calls back
  async (...[app, options]: Parameters<FastifyPluginAsync<TenantryFastifyOptions>>) => {
    const { kafka, tenantOf, workers, stopTimeoutMs, health } = checkOptions('tenantryFastify', optionsSchema, options);
    addRequestHooks(app, { kafka, tenantOf });
    const { isRunning } = addLifecycle(app, { kafka, workers, stopTimeoutMs });
    addHealthRoutes(app, health, workers, isRunning);
  },
  {
    // What the package fastify-plugin sets: hooks hold for the parent, not for a child of the plugin's own.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'tenantry',
    [Symbol.for('plugin-meta')]: { name: 'tenantry', fastify: '5.x' },
  },
);
