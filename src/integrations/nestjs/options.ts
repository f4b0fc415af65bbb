import type { IncomingMessage } from 'node:http';
import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { ConsumerOptions } from '../../api/consumer.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';

/** Options of `TenantryModule`. */
export interface TenantryModuleOptions {
  /** The client. The module starts it with the application, and stops it after the last request. */
  readonly kafka: TenantKafka;
  /**
   * The tenant id of an HTTP request, or undefined where it names none. It must come from something that the caller
   * cannot choose, such as a verified token, never from a bare header or parameter. What it throws refuses the request
   * as it stands. It is called before guards, with no tenant ambient. Default: no request has a tenant.
   *
   * @param request - that of Node.js, on Express and on Fastify alike
   */
  readonly tenantOf?: ((request: IncomingMessage) => string | undefined | Promise<string | undefined>) | undefined;
  /** Workers by their group, for the methods with `HandleEvent`. Default: none. */
  readonly workers?: Readonly<Record<string, ConsumerOptions>> | undefined;
  /** How long workers may take to stop, and then the client. Default 25,000. */
  readonly stopTimeoutMs?: number | undefined;
}

/** Options of `TenantryModule` that are made when the application starts. */
export interface TenantryModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  /** Makes the options. */
  readonly useFactory: FactoryProvider<TenantryModuleOptions | Promise<TenantryModuleOptions>>['useFactory'];
}

/** The options, checked. */
export interface ModuleParts {
  readonly kafka: TenantKafka;
  readonly tenantOf?: TenantryModuleOptions['tenantOf'];
  readonly workers: Readonly<Record<string, ConsumerOptions>>;
  readonly stopTimeoutMs: number;
}

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    kafka: z.custom<TenantKafka>(isClient, 'must be a TenantKafka'),
    tenantOf: z
      .custom<NonNullable<TenantryModuleOptions['tenantOf']>>(
        (value) => typeof value === 'function',
        'must be a function',
      )
      .optional(),
    // Each worker checks its own.
    workers: z
      .record(
        z.string(),
        z.custom<ConsumerOptions>((value) => typeof value === 'object' && value !== null, 'must be options'),
      )
      .default({}),
    stopTimeoutMs: z.int().min(0).default(25_000),
  }),
);

/** @throws TenantryError `INVALID_OPTIONS` */
export function checkModuleOptions(options: TenantryModuleOptions): ModuleParts {
  return checkOptions('TenantryModule', optionsSchema, options);
}

function isClient(value: unknown): value is TenantKafka {
  const { tenant, start, stop, worker } = (value ?? {}) as Partial<TenantKafka>;
  return [tenant, start, stop, worker].every((method) => typeof method === 'function');
}
