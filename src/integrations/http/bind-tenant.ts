import type { TenantScope } from '../../api/tenant-scope.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { isTenantryError, tenantryError, type TenantryError } from '../../core/errors.js';
import type { RequestContext } from './request-context.js';

/** How a request goes on: as it is, or refused. */
type Next = (refusal?: Error) => void;

/**
 * Binds a request to the tenant that `tenantOf` names, and goes on in its context. Where that is refused it goes on
 * with no tenant ambient, with the error: what `tenantOf` threw, or a `TenantryError` with a `statusCode`, 401
 * `TENANT_CONTEXT_MISSING`, 400 `INVALID_TENANT_ID` or 403 `UNKNOWN_TENANT`.
 */
export function bindTenant(
  context: RequestContext,
  kafka: Pick<TenantKafka, 'tenant'>,
  tenantOf: () => unknown,
  next: Next,
): void {
  const refuse = (error: unknown): void => context.run(() => next(asError(error)));
  const bind = (named: unknown): void => {
    let tenant: TenantScope;
    try {
      tenant = scopeOf(kafka, named);
    } catch (error) {
      refuse(error);
      return;
    }
    context.bind(tenant);
    context.run(next);
  };
  let named: unknown;
  try {
    named = context.run(tenantOf);
  } catch (error) {
    refuse(error);
    return;
  }
  // No promise where none is needed: it would cost every request a turn.
  if (isPromiseLike(named)) void named.then(bind, refuse);
  else bind(named);
}

function scopeOf(kafka: Pick<TenantKafka, 'tenant'>, named: unknown): TenantScope {
  if (named === undefined || named === null) {
    throw refusal(401, tenantryError('TENANT_CONTEXT_MISSING', 'the request names no tenant'));
  }
  try {
    return kafka.tenant(named as string);
  } catch (error) {
    if (isTenantryError(error, 'INVALID_TENANT_ID')) throw refusal(400, error);
    if (isTenantryError(error, 'UNKNOWN_TENANT')) throw refusal(403, error);
    throw error;
  }
}

/** The error with its answer, in the field where frameworks look for it. */
function refusal(statusCode: number, error: TenantryError): TenantryError {
  return Object.assign(error, { statusCode });
}

/** A refusal without an error would let the request through. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the tenant of the request was refused without an error');
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | undefined | null)?.then === 'function';
}
