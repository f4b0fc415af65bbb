import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { isTenantryError, type InputOf, type TenantKafka, type Worker } from 'tenantry';
import { tenantryFastify } from 'tenantry/fastify';
import type { TenantOfToken } from './auth.js';
import { ShipmentRequested } from './contracts.js';
import { RequestLog } from './request-log.js';

/** What the API is made of. */
export interface HttpParts {
  readonly kafka: TenantKafka;
  readonly worker: Worker;
  readonly logger: FastifyBaseLogger;
  readonly tenantOfToken: TenantOfToken;
  readonly stopTimeoutMs: number;
  /** Whether requests should still be sent here. */
  readonly isReady: () => boolean;
}

/** The path has the id, the body all else. */
interface PutRoute {
  Params: { id: string };
  Body: Omit<InputOf<typeof ShipmentRequested>, 'shipmentId'>;
}

/** The API and the health checks. The client and the worker start and stop with it. */
export async function createHttp(parts: HttpParts): Promise<FastifyInstance> {
  const { kafka, worker, logger, tenantOfToken, stopTimeoutMs, isReady } = parts;
  const app = Fastify({
    loggerInstance: logger,
    logController: new RequestLog(),
    requestTimeout: 10_000,
    // Longer than connecting takes at most, or a broker that is away would be told as a plugin that hangs.
    pluginTimeout: 60_000,
  });
  await app.register(tenantryFastify, {
    kafka,
    workers: [worker],
    stopTimeoutMs,
    // Never from a header or a parameter by itself: those are whatever the caller says.
    tenantOf: ({ headers }) => tenantOfToken(headers.authorization?.replace(/^Bearer /, '') ?? ''),
    health: { live: '/health/live' },
  });

  // A worker that is stuck is told, and no reason to take no requests.
  app.get('/health/ready', { config: { tenant: 'none' } }, async (_request, reply) =>
    reply.code(isReady() ? 200 : 503).send({ ready: isReady(), worker: worker.health().status }),
  );

  // The id is the caller's, so a call may be made again: it publishes the same event, which is handled once.
  app.put<PutRoute>('/shipments/:id', async (request, reply) => {
    const shipmentId = request.params.id;
    const data = { ...request.body, shipmentId };
    const { eventId } = await request.tenant.publish(ShipmentRequested, data, { eventId: `${shipmentId}.requested` });
    return reply.code(202).send({ shipmentId, eventId });
  });

  app.setErrorHandler((error, _request, reply) => {
    // What does not fit the contract is here what the caller has sent.
    if (isTenantryError(error, 'VALIDATION_FAILED')) reply.code(400);
    return reply.send(error);
  });

  return app;
}
