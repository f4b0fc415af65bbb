import type { Mutation } from './mutation.ts';

/** Bugs in what is told to others. */
export const PRODUCER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a sealed value is told to be readable',
    file: 'cloud-event-headers.ts',
    find: 'isSealed ? SEALED : contentType',
    replace: 'contentType',
    noticedBy: 'cloud-event-headers.test.ts',
  },
  {
    name: 'a record with two media types',
    file: 'cloud-event-headers.ts',
    find: '    assertNoContentType(event);\n',
    replace: '',
    noticedBy: 'cloud-event-headers.test.ts',
  },
];

/** Bugs in what fits other packages. */
export const INTEGRATION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a class that a factory makes for each event is not found in NestJS',
    file: 'nestjs/bound-handlers.ts',
    find: 'const made = isFactory ? token : metatype;',
    replace: 'const made = metatype;',
    noticedBy: 'nestjs/handler-shapes.test.ts',
  },
  {
    name: 'a class whose events nobody handles is not told in NestJS',
    file: 'nestjs/bound-handlers.ts',
    find: 'if (missing.length > 0) {',
    replace: 'if (missing.length > 1_000) {',
    noticedBy: 'nestjs/handler-shapes.test.ts',
  },
  {
    name: 'a status that the application chose is overwritten in Fastify',
    file: 'fastify/request-hooks.ts',
    find: 'answer !== undefined && UNCHOSEN.has(reply.statusCode)',
    replace: 'answer !== undefined',
    noticedBy: 'fastify/refusals.test.ts',
  },
  {
    name: 'a caller is told what names another tenant',
    file: 'http/http-answer.ts',
    find: 'return statusCode < 500;',
    replace: 'return statusCode < 600;',
    noticedBy: 'fastify/refusals.test.ts',
  },
  {
    name: 'a refused request is let through to GraphQL',
    file: 'nestjs/tenant-guard.ts',
    find: "if (type !== 'http' && type !== 'graphql') return true;",
    replace: "if (type !== 'http') return true;",
    noticedBy: 'nestjs/refusals.test.ts',
  },
  {
    name: "a request's events come in the context of the connection",
    file: 'http/request-context.ts',
    find: 'emitter.emit = (...event) => this.#enter(() => emit(...event));',
    replace: 'emitter.emit = (...event) => emit(...event);',
    noticedBy: 'fastify/request-context.test.ts',
  },
  {
    name: 'a request without a tenant runs with what is ambient',
    file: 'http/request-context.ts',
    find: '  #enter = enterNoTenant;',
    replace: '  #enter: Entry = (work) => work();',
    noticedBy: 'fastify/request-context.test.ts',
  },
  {
    name: 'a hook that lost the context is not followed by it',
    file: 'fastify/request-hooks.ts',
    find: 'done: () => void): void {\n  runFor(contexts.get(request), done);',
    replace: 'done: () => void): void {\n  done();',
    noticedBy: 'fastify/request-context.test.ts',
  },
  {
    name: 'a tenantOf that rejects with nothing lets a request through',
    file: 'http/bind-tenant.ts',
    find: 'next(asError(error))',
    replace: 'next(error as Error)',
    noticedBy: 'fastify/refusals.test.ts',
  },
  {
    name: 'a request with no tenant is let in',
    file: 'nestjs/tenant-guard.ts',
    find: 'if (state?.refusal !== undefined) throw state.refusal;',
    replace: 'if (state?.refusal !== undefined) return true;',
    noticedBy: 'nestjs/refusals.test.ts',
  },
  {
    name: 'Retry-After comes too early',
    file: 'http/http-answer.ts',
    find: 'Math.ceil(',
    replace: 'Math.floor(',
    noticedBy: 'fastify/refusals.test.ts',
  },
  {
    name: 'the client stops before the last request',
    file: 'fastify/lifecycle.ts',
    find: "app.addHook('onClose', async",
    replace: "app.addHook('preClose', async",
    noticedBy: 'fastify/lifecycle.test.ts',
  },
  {
    name: 'a kept connection holds up the end',
    file: 'fastify/connections.ts',
    find: '    isClosing = true;',
    replace: '',
    noticedBy: 'fastify/lifecycle.test.ts',
  },
  {
    name: 'keepTenant keeps none',
    file: 'nestjs/keep-tenant.ts',
    find: 'next: (value) => enter(() => subscriber.next(value)),',
    replace: 'next: (value) => subscriber.next(value),',
    noticedBy: 'nestjs/request-context.test.ts',
  },
  {
    name: 'an event is done before its observable is',
    file: 'nestjs/bound-handlers.ts',
    find: 'isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result',
    replace: 'isObservable(result) ? undefined : result',
    noticedBy: 'nestjs/handlers.test.ts',
  },
  {
    name: 'workers stop after what their handlers use',
    file: 'nestjs/tenantry-workers.ts',
    find: '  async beforeApplicationShutdown()',
    replace: '  async afterApplicationShutdown()',
    noticedBy: 'nestjs/handlers.test.ts',
  },
  {
    name: 'a method that is decorated again handles its events twice',
    file: 'nestjs/handle-event.ts',
    find: '.filter(({ name }) => !nearer.has(name))',
    replace: '.filter(() => nearer.size >= 0)',
    noticedBy: 'nestjs/handlers.test.ts',
  },
  {
    name: 'a schema that nobody vouches for is published under',
    file: 'registry/publishing-schema.ts',
    find: 'if (answer === true) return latest;',
    replace: 'if (answer === true || answer === undefined) return latest;',
    noticedBy: 'registry/registry-serde.test.ts',
  },
];
