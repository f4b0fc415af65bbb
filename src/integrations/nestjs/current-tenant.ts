import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { TenantScope } from '../../api/tenant-scope.js';
import { tenantOfContext } from '../http/request-context.js';
import { requestStateOf } from './request-tenants.js';

/**
 * Decorates a parameter of a route handler: the `TenantScope` of the request.
 *
 * @throws TenantryError `TENANT_CONTEXT_MISSING` where the request has no tenant
 */
export const CurrentTenant: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): TenantScope => tenantOfContext(requestStateOf(context)?.context),
);
