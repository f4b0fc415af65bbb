import { AsyncLocalStorage } from 'node:async_hooks';
import { AmbientTenant } from '../../../tenant/ambient-tenant.js';

/** One run of a handler. */
export interface HandlerRun {
  readonly tenantId: string;
  readonly eventType: string;
  /** Which record of the seed's run, from 0; undefined for an event that a handler has published. */
  readonly record: number | undefined;
  /** 1 for the first try of a delivery. */
  readonly attempt: number;
}

/**
 * For whom an output was made. `record`: the record itself says so. `handler`: a handler of that tenant was running.
 * `ended`: what made it was begun by a handler that has settled. `none`: nobody's code, or code that said so with
 * `withoutTenant`.
 */
export type Owner =
  | { readonly by: 'record' | 'handler' | 'ended'; readonly tenantId: string }
  | { readonly by: 'none'; readonly tenantId: undefined };

/** It is not known whose an output is. */
export const NOBODY: Owner = Object.freeze({ by: 'none', tenantId: undefined });

const storage = new AsyncLocalStorage<HandlerRun | undefined>();
const service = new AsyncLocalStorage<true>();
const ambient = new AmbientTenant();

/** Runs a handler so that what it makes is known to be its. */
export function runAs<T>(run: HandlerRun, work: () => T): T {
  return storage.run(run, work);
}

/** The run of a handler in whose asynchronous context this code is, also once it has settled. */
export function currentRun(): HandlerRun | undefined {
  return storage.getStore();
}

/** Runs what a service does beside its handlers, such as a loop that it starts. */
export function runAsService<T>(work: () => T): T {
  return service.run(true, work);
}

/** Whether this is code of the service that is tested, in a handler or beside them, and not of who tests it. */
export function isService(): boolean {
  return storage.getStore() !== undefined || service.getStore() === true;
}

/** For whom the code that runs now makes something. */
export function currentOwner(): Owner {
  const { scope } = ambient;
  if (scope === undefined) return NOBODY;
  return { by: scope.expired ? 'ended' : 'handler', tenantId: scope.tenantId };
}
