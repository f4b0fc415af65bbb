import { AsyncLocalStorage } from 'node:async_hooks';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';

interface AmbientScope {
  readonly tenantId: TenantId;
  expired: boolean;
}

/** Runs work in one context, and returns what it returns. */
export type Entry = <T>(work: () => T) => T;

/** The scope in which code runs, for those who only look on. */
export type SeenScope = Readonly<AmbientScope>;

// One for all clients of a process: what runs for a tenant runs for it, whichever client it calls. (And a storage that
// was used once costs every promise of the process something, for ever.)
const storage = new AsyncLocalStorage<AmbientScope | undefined>();

/**
 * The tenant of the code that runs now. It follows awaits, timers and callbacks, and dies when the
 * handler that brought it settles.
 */
export class AmbientTenant {
  readonly #inOrigin = storage.run(undefined, () => AsyncLocalStorage.snapshot());

  /** The ambient tenant, or undefined; also undefined once its handler has settled. */
  get current(): TenantId | undefined {
    const scope = storage.getStore();
    return scope === undefined || scope.expired ? undefined : scope.tenantId;
  }

  /** The scope in which this code runs, also a dead one; undefined where there is none. */
  get scope(): SeenScope | undefined {
    return storage.getStore();
  }

  /**
   * The ambient tenant, needed.
   *
   * @throws TenantryError `TENANT_CONTEXT_MISSING`, or `TENANT_CONTEXT_EXPIRED` after its handler settled
   */
  require(): TenantId {
    const scope = storage.getStore();
    if (scope === undefined) {
      throw tenantryError(
        'TENANT_CONTEXT_MISSING',
        'no tenant is ambient here: use kafka.tenant(id), or run inside tenant.run()',
      );
    }
    if (scope.expired) throw expired(scope.tenantId);
    return scope.tenantId;
  }

  /**
   * Refuses work for `tenantId` where another tenant, or a dead context, is ambient.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION` or `TENANT_CONTEXT_EXPIRED`
   */
  assertMayActFor(tenantId: TenantId): void {
    const scope = storage.getStore();
    if (scope === undefined) return;
    if (scope.expired) throw expired(scope.tenantId);
    if (scope.tenantId !== tenantId) throw violation(scope.tenantId, `tenant ${tenantId}`);
  }

  /**
   * Refuses work for all tenants where one, or a dead context, is ambient.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION` or `TENANT_CONTEXT_EXPIRED`
   */
  assertMayActForAll(): void {
    const scope = storage.getStore();
    if (scope === undefined) return;
    if (scope.expired) throw expired(scope.tenantId);
    throw violation(scope.tenantId, 'all tenants');
  }

  /**
   * Runs `work` with `tenantId` ambient. Where a tenant is ambient already it must be the same one, and its
   * scope goes on: inside a handler it still dies with the handler.
   */
  run<T>(tenantId: TenantId, work: () => T): T {
    this.assertMayActFor(tenantId);
    return storage.run(storage.getStore() ?? { tenantId, expired: false }, work);
  }

  /**
   * Runs a handler with `tenantId` ambient until what it returns has settled; after that the context is dead, and
   * `then` or `failed` goes on outside of it. That they are no `then` of the caller's saves a promise a handler.
   */
  runHandler<T, R>(
    tenantId: TenantId,
    handler: () => T | PromiseLike<T>,
    then: (value: T) => R | PromiseLike<R>,
    failed: (error: unknown) => R | PromiseLike<R>,
  ): Promise<R> {
    const scope: AmbientScope = { tenantId, expired: false };
    return settled(() => storage.run(scope, handler)).then(
      (value) => {
        scope.expired = true;
        return then(value);
      },
      (error: unknown) => {
        scope.expired = true;
        return failed(error);
      },
    );
  }

  /**
   * Makes a function that runs work with `tenantId` ambient, or with none, whatever is ambient where it is called: for
   * something that begins anew, such as a request. It checks nothing, so that it can be used where nothing may throw.
   */
  entry(tenantId: TenantId | undefined): Entry {
    return entryTo(tenantId === undefined ? undefined : { tenantId, expired: false });
  }

  /** The same for what is ambient now; a context that is dead, or dies, stays so. */
  capture(): Entry {
    return entryTo(storage.getStore());
  }

  /** Runs `work` with no tenant ambient: deliberate platform work inside a tenant's code. */
  withoutTenant<T>(work: () => T): T {
    return storage.run(undefined, work);
  }

  /** Runs the library's own background work in the context of the constructor's caller, never in a tenant's. */
  runInBackground<T>(work: () => T): T {
    return this.#inOrigin(work);
  }
}

function entryTo(scope: AmbientScope | undefined): Entry {
  return (work) => (storage.getStore() === scope ? work() : storage.run(scope, work));
}

/** A promise of what `work` returns, or throws at once; its own where it returns one. */
function settled<T>(work: () => T | PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

function violation(tenantId: TenantId, whom: string): Error {
  return tenantryError(
    'TENANT_ISOLATION_VIOLATION',
    `code that runs for tenant ${tenantId} tried to act for ${whom}; what a platform does on purpose goes through withoutTenant`,
  );
}

function expired(tenantId: TenantId): Error {
  return tenantryError(
    'TENANT_CONTEXT_EXPIRED',
    `the handler that ran for tenant ${tenantId} has settled: await what it starts, or use a scope of your own`,
  );
}
