import type { TenantScope } from '../../api/tenant-scope.js';
import { tenantryError } from '../../core/errors.js';
import { AmbientTenant, type Entry } from '../../tenant/ambient-tenant.js';

/** What is needed of a request or a response of Node.js. */
interface Emitter {
  emit(event: string | symbol, ...values: unknown[]): boolean;
}

const enterNoTenant: Entry = new AmbientTenant().entry(undefined);

/**
 * What a request runs for: no tenant until one is bound, and then that one.
 *
 * Its context follows awaits by itself. It does not follow the events of a connection, which several requests share:
 * Node.js emits `data`, `end`, `drain` and `finish` in the context of whatever was there before. Without this a body
 * is parsed with no tenant, and the next part of a response may be made with the tenant of another request. So all
 * events of the request and of its response are emitted in its own context.
 */
export class RequestContext {
  #enter = enterNoTenant;
  #tenant: TenantScope | undefined;

  constructor(request: Emitter, response: Emitter) {
    for (const emitter of [request, response]) {
      const emit = emitter.emit.bind(emitter);
      emitter.emit = (...event) => this.#enter(() => emit(...event));
    }
  }

  /** The tenant, or undefined where none is bound. */
  get tenant(): TenantScope | undefined {
    return this.#tenant;
  }

  /** From now on the request runs for this tenant. */
  bind(tenant: TenantScope): void {
    this.#tenant = tenant;
    this.#enter = new AmbientTenant().entry(tenant.id);
  }

  /** Runs `work` in the request's context, whatever is ambient where this is called. */
  run<T>(work: () => T): T {
    return this.#enter(work);
  }
}

/** Runs `work` in the context of a request; with no tenant where the request has none. */
export function runFor<T>(context: RequestContext | undefined, work: () => T): T {
  return context === undefined ? enterNoTenant(work) : context.run(work);
}

/** @throws TenantryError `TENANT_CONTEXT_MISSING` where the request runs without a tenant */
export function tenantOfContext(context: RequestContext | undefined): TenantScope {
  if (context?.tenant !== undefined) return context.tenant;
  throw tenantryError('TENANT_CONTEXT_MISSING', 'this request runs without a tenant');
}
