import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { tenantryFastify, type TenantryFastifyOptions } from 'tenantry/fastify';
import type { TenantKafka } from '../../../../src/client/tenant-kafka.js';

const CHUNKS = 100;
const CHUNK = 'x'.repeat(65_536);

/** Where some code ran, for which request and with which tenant ambient. */
export interface Sighting {
  readonly where: string;
  readonly expected: string | undefined;
  readonly ambient: string | undefined;
}

/** The tenant id that the header names; `later:acme` is found out asynchronously. */
function tenantOf({ headers: { authorization } }: FastifyRequest): string | undefined | Promise<string | undefined> {
  if (authorization?.startsWith('later:') !== true) return authorization;
  return new Promise((resolve) => setImmediate(resolve, authorization.slice(6)));
}

/** A server whose every hook, parser, stream and handler notes the ambient tenant. */
export class ProbeApp {
  readonly app: FastifyInstance;
  readonly sightings: Sighting[] = [];
  readonly #kafka: TenantKafka;

  constructor(kafka: TenantKafka, options: Partial<TenantryFastifyOptions> = {}) {
    this.#kafka = kafka;
    this.app = Fastify({ connectionTimeout: 300 });
    void this.app.register(tenantryFastify, { kafka, tenantOf, ...options });
    void this.app.register((app, _options, done) => {
      this.#addProbes(app);
      this.#addRoutes(app);
      done();
    });
  }

  async listen(): Promise<number> {
    await this.app.listen({ port: 0, host: '127.0.0.1' });
    return (this.app.server.address() as AddressInfo).port;
  }

  /** Those where the ambient tenant is not the request's. */
  get wrong(): readonly Sighting[] {
    return this.sightings.filter(({ expected, ambient }) => expected !== ambient);
  }

  /** The names of the places that were passed. */
  get places(): string[] {
    return [...new Set(this.sightings.map(({ where }) => where))].sort();
  }

  #see(where: string, { headers, routeOptions }: FastifyRequest): void {
    const named = headers.authorization?.replace('later:', '');
    const expected = routeOptions.config.tenant === 'none' ? undefined : named;
    this.sightings.push({ where, expected, ambient: this.#kafka.currentTenant });
  }

  #addProbes(app: FastifyInstance): void {
    // Alternately with a promise and with a callback that comes from somewhere else.
    app.addHook('onRequest', async (request) => this.#see('onRequest', request));
    app.addHook('preParsing', (request, _reply, payload, done) => {
      this.#see('preParsing', request);
      outside(() => done(null, payload));
    });
    app.addHook('preValidation', async (request) => this.#see('preValidation', request));
    app.addHook('preValidation', (request, _reply, done) => {
      this.#see('preValidation', request);
      outside(done);
    });
    app.addHook('preHandler', async (request) => this.#see('preHandler', request));
    app.addHook('preSerialization', async (request, _reply, payload) => {
      this.#see('preSerialization', request);
      return payload;
    });
    app.addHook('onSend', async (request) => this.#see('onSend', request));
    app.addHook('onResponse', async (request) => this.#see('onResponse', request));
    app.addHook('onError', async (request) => this.#see('onError', request));
    app.addHook('onTimeout', async (request) => this.#see('onTimeout', request));
    app.addHook('onRequestAbort', async (request) => this.#see('onRequestAbort', request));
    app.addContentTypeParser('text/plain', { parseAs: 'string' }, (request, body, done) => {
      this.#see('parser', request);
      done(null, body);
    });
    app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      this.#see('errorHandler', request);
      void reply.code(error.statusCode ?? 500).send({ failed: true });
    });
  }

  #addRoutes(app: FastifyInstance): void {
    const handle = async (request: FastifyRequest): Promise<unknown> => {
      this.#see('handler', request);
      await new Promise(setImmediate);
      this.#see('handler later', request);
      return { tenant: request.tenant.id };
    };
    app.get('/async', handle);
    app.post('/async', handle);
    app.get('/callback', (request, reply) => {
      this.#see('handler', request);
      outside(() => void reply.send({ tenant: request.tenant.id }));
    });
    app.get('/throws', async (request) => {
      this.#see('handler', request);
      throw new Error('as asked');
    });
    app.get('/hangs', (request) => this.#see('handler', request));
    app.get('/none', { config: { tenant: 'none' } }, async (request, reply) => {
      this.#see('handler', request);
      return reply.send(this.#stream(request));
    });
    app.get('/stream', (request, reply) => void reply.send(this.#stream(request)));
    app.get('/generator', (request, reply) => void reply.send(Readable.from(this.#generate(request))));
  }

  #stream(request: FastifyRequest): Readable {
    const see = (): void => this.#see('stream', request);
    let made = 0;
    return new Readable({
      read() {
        see();
        made += 1;
        this.push(made > CHUNKS ? null : CHUNK);
      },
    });
  }

  async *#generate(request: FastifyRequest): AsyncGenerator<string> {
    for (let made = 0; made < CHUNKS; made++) {
      this.#see('generator', request);
      yield CHUNK;
    }
  }
}

// Calls back with no tenant ambient, as a connection pool may.
const waiting: (() => void)[] = [];
setInterval(() => {
  for (const callBack of waiting.splice(0)) callBack();
}, 1).unref();

function outside(callBack: () => void): void {
  waiting.push(callBack);
}
