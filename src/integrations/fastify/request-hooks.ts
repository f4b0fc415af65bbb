import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TenantScope } from '../../api/tenant-scope.js';
import { bindTenant } from '../http/bind-tenant.js';
import { isTenantryError } from '../../core/errors.js';
import { httpAnswerOf } from '../http/http-answer.js';
import { RequestContext, runFor, tenantOfContext } from '../http/request-context.js';
import type { TenantryFastifyOptions } from './options.js';
import { toldPayload } from './told-payload.js';

const contexts = new WeakMap<FastifyRequest, RequestContext>();
/** The errors of this library that requests are answered with. */
const errors = new WeakMap<FastifyRequest, Error>();

/** What Fastify answers with where nobody has said anything. */
const UNCHOSEN: ReadonlySet<number> = new Set([200, 500]);

/** Binds the tenant of each request, for all its hooks, its handler and what they start. */
export function addRequestHooks(
  app: FastifyInstance,
  { kafka, tenantOf }: Pick<TenantryFastifyOptions, 'kafka' | 'tenantOf'>,
): void {
  app.decorateRequest('tenant', { getter: requestTenant });
  app.addHook('onRequest', (request, reply, done) => {
    const context = new RequestContext(request.raw, reply.raw);
    contexts.set(request, context);
    if (needsTenant(request)) bindTenant(context, kafka, () => tenantOf(request), done);
    else context.run(done);
  });
  addContextHooks(app);
  app.addHook('onError', (request, reply, error, done) => {
    if (isTenantryError(error)) errors.set(request, error);
    const answer = httpAnswerOf(error);
    // Any other status is one that the application chose, before it threw or in its error handler.
    if (answer !== undefined && UNCHOSEN.has(reply.statusCode)) reply.code(answer.statusCode);
    if (answer?.retryAfterSeconds !== undefined && !reply.hasHeader('retry-after'))
      reply.header('retry-after', answer.retryAfterSeconds);
    runFor(contexts.get(request), done);
  });
}

/**
 * A hook of somebody else may call back in any context, so that of the request is entered anew in each phase. Ours
 * are the first there.
 */
function addContextHooks(app: FastifyInstance): void {
  app.addHook('preParsing', goOnWith);
  app.addHook('preValidation', goOn);
  app.addHook('preHandler', goOn);
  app.addHook('preSerialization', goOnWith);
  app.addHook('onSend', (request, { statusCode }, payload, done) => {
    const told = toldPayload(errors.get(request), statusCode, payload);
    runFor(contexts.get(request), () => done(null, told));
  });
  app.addHook('onResponse', goOn);
  app.addHook('onTimeout', goOn);
  app.addHook('onRequestAbort', (request, done) => runFor(contexts.get(request), done));
}

function goOn(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  runFor(contexts.get(request), done);
}

function goOnWith<P>(
  request: FastifyRequest,
  _reply: FastifyReply,
  payload: P,
  done: (error: null, payload: P) => void,
): void {
  runFor(contexts.get(request), () => done(null, payload));
}

function needsTenant(request: FastifyRequest): boolean {
  return !request.is404 && request.routeOptions.config.tenant !== 'none';
}

function requestTenant(this: FastifyRequest): TenantScope {
  return tenantOfContext(contexts.get(this));
}
