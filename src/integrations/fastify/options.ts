import type { FastifyRequest } from 'fastify';
import type { EventConsumer } from '../../api/consumer.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { lazySchema } from '../../core/lazy-schema.js';

/** What a route needs, in its `config`: `required` (the default), or `none`, for which no tenant is looked for. */
export type FastifyTenant = 'required' | 'none';

/** Where the health routes are. What is left out is not there. */
export interface HealthPaths {
  /** Answers 200 as long as the process answers: a worker that is stuck may be so after a restart too. */
  readonly live?: string | undefined;
  /** Answers 200 while the server takes requests and no worker is stuck, else 503. */
  readonly ready?: string | undefined;
}

/** Options of `tenantryFastify`. */
export interface TenantryFastifyOptions {
  /** The client. The plugin starts it with the server, and stops it after the last request. */
  readonly kafka: TenantKafka;
  /**
   * The tenant id of a request, or undefined where it names none. It must come from something that the caller cannot
   * choose, such as a verified token, never from a bare header or parameter. What it throws refuses the request as it
   * stands. It is called with no tenant ambient, before the body is read.
   */
  readonly tenantOf: (request: FastifyRequest) => string | undefined | Promise<string | undefined>;
  /** Workers and consumers that start and stop with the server. Default: none. */
  readonly workers?: readonly EventConsumer[] | undefined;
  /** How long the client may take to stop. Default 25,000. */
  readonly stopTimeoutMs?: number | undefined;
  /** Routes for health checks. They tell a status and no reasons, because reasons name tenants. Default: none. */
  readonly health?: HealthPaths | undefined;
}

export const optionsSchema = lazySchema((z) => {
  const path = z.string().startsWith('/', 'must begin with /').optional();
  return z.strictObject({
    kafka: z.custom<TenantKafka>(isClient, 'must be a TenantKafka'),
    tenantOf: z.custom<TenantryFastifyOptions['tenantOf']>(
      (value) => typeof value === 'function',
      'must be a function',
    ),
    workers: z.array(z.custom<EventConsumer>(isConsumer, 'must be a worker or a consumer')).default([]),
    stopTimeoutMs: z.int().min(0).default(25_000),
    health: z.strictObject({ live: path, ready: path }).default({}),
  });
});

function isClient(value: unknown): value is TenantKafka {
  const { tenant, start, stop } = (value ?? {}) as Partial<TenantKafka>;
  return [tenant, start, stop].every((method) => typeof method === 'function');
}

function isConsumer(value: unknown): value is EventConsumer {
  const { start, stop, health } = (value ?? {}) as Partial<EventConsumer>;
  return [start, stop, health].every((method) => typeof method === 'function');
}
