import Fastify, { type FastifyInstance } from 'fastify';
import type { TenantKafka, Worker } from 'tenantry';
import { tenantryFastify } from 'tenantry/fastify';
import { OrderPlaced } from '../http/orders.ts';
import { tenantIn } from '../http/signed-token.ts';

interface Order {
  readonly orderId: string;
  readonly total: number;
}

/** Sends a mail for each order. */
export function orderMailer(kafka: TenantKafka): Worker {
  return kafka.worker('mailer').on(OrderPlaced, (event) => {
    console.log(`mail to ${kafka.currentTenant}: order ${event.data.orderId}`);
  });
}

/** A server that takes orders, and runs with the mailer. */
export async function orderServer(kafka: TenantKafka, mailer: Worker): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(tenantryFastify, {
    kafka,
    tenantOf: (request) => tenantIn(request.headers.authorization),
    workers: [mailer],
    health: { live: '/live', ready: '/ready' },
  });

  app.post<{ Body: Order }>('/orders', async (request, reply) => {
    await request.tenant.publish(OrderPlaced, request.body);
    return reply.code(202).send({ tenant: request.tenant.id, orderId: request.body.orderId });
  });
  return app;
}
