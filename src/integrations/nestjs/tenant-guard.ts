import { SetMetadata, type CanActivate, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { tenantryError } from '../../core/errors.js';
import { requestStateOf } from './request-tenants.js';

const TENANT_OPTIONAL = 'tenantry:tenant-optional';

/** Lets requests without a tenant through to a route, or to all of a controller; then no tenant is ambient. */
export function TenantOptional(): CustomDecorator {
  return SetMetadata(TENANT_OPTIONAL, true);
}

/** Refuses HTTP requests that have no tenant, those of GraphQL too. */
export class TenantGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #kafka: Pick<TenantKafka, 'currentTenant'>;

  constructor(reflector: Reflector, kafka: Pick<TenantKafka, 'currentTenant'>) {
    this.#reflector = reflector;
    this.#kafka = kafka;
  }

  canActivate(context: ExecutionContext): boolean {
    const type = context.getType<string>();
    if (type !== 'http' && type !== 'graphql') return true;
    // What GraphQL calls its context is the application's, so there the request is known by the tenant it runs for.
    const state = type === 'http' ? requestStateOf(context) : undefined;
    const tenant = type === 'http' ? state?.context.tenant : this.#kafka.currentTenant;
    if (tenant !== undefined) return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.#reflector.getAllAndOverride<boolean | undefined>(TENANT_OPTIONAL, targets) === true) return true;
    if (state?.refusal !== undefined) throw state.refusal;
    if (type === 'graphql') throw tenantryError('TENANT_CONTEXT_MISSING', 'the request runs without a tenant');
    // 403 without a word.
    return false;
  }
}
