import type { FastifyInstance } from 'fastify';
import type { EventConsumer } from '../../api/consumer.js';
import type { HealthPaths } from './options.js';

type Status = ReturnType<EventConsumer['health']>['status'];

const WORST_FIRST: readonly Status[] = ['stuck', 'degraded', 'live'];

/** Adds the routes for health checks. */
export function addHealthRoutes(
  app: FastifyInstance,
  { live, ready }: HealthPaths,
  workers: readonly EventConsumer[],
  isRunning: () => boolean,
): void {
  const config = { tenant: 'none' } as const;
  if (live !== undefined) app.get(live, { config }, () => ({ status: 'live' }));
  if (ready === undefined) return;
  app.get(ready, { config }, async (_request, reply) => {
    const status = isRunning() ? worstOf(workers) : 'stopped';
    return reply.code(status === 'stopped' || status === 'stuck' ? 503 : 200).send({ status });
  });
}

function worstOf(workers: readonly EventConsumer[]): Status {
  const statuses = workers.map((worker) => worker.health().status);
  return WORST_FIRST.find((status) => statuses.includes(status)) ?? 'live';
}
