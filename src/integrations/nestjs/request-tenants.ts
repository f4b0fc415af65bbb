import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import { bindTenant } from '../http/bind-tenant.js';
import { RequestContext } from '../http/request-context.js';
import type { ModuleParts } from './options.js';

/** What is known of a request. */
interface RequestState {
  readonly context: RequestContext;
  /** Why it has no tenant. */
  refusal?: Error;
}

const states = new WeakMap<object, RequestState>();

/**
 * Middleware that binds each request to its tenant. Which route it is for is not known here, so that one without a
 * tenant goes on, and the guard refuses it.
 */
export function tenantMiddleware({ kafka, tenantOf }: Pick<ModuleParts, 'kafka' | 'tenantOf'>) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const state: RequestState = { context: new RequestContext(request, response) };
    states.set(request, state);
    if (tenantOf === undefined) {
      state.context.run(next);
      return;
    }
    bindTenant(
      state.context,
      kafka,
      () => tenantOf(request),
      (refusal) => {
        if (refusal !== undefined) state.refusal = refusal;
        next();
      },
    );
  };
}

/** What is known of the HTTP request that is being answered. */
export function requestStateOf(context: ExecutionContext): RequestState | undefined {
  const request = context.switchToHttp().getRequest<{ readonly raw?: object }>();
  // Fastify's own request holds that of Node.js.
  return states.get(request.raw ?? request);
}
