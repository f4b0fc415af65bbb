import type { DedupeStore } from '../../api/dedupe.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';

/** What is needed of a client of the package `redis`, be it of a server, a cluster or a sentinel. */
export interface NodeRedisClient {
  /** EXISTS: 1 where the key is there. */
  exists(key: string): Promise<number | string>;
  /** PSETEX. */
  pSetEx(key: string, ms: number, value: string): Promise<unknown>;
}

/** What is needed of a client of the package `ioredis`, be it of a server or a cluster. */
export interface IoRedisClient {
  /** EXISTS: 1 where the key is there. */
  exists(key: string): Promise<number | string>;
  /** PSETEX. */
  psetex(key: string, ms: number, value: string): Promise<unknown>;
}

/** Options of `redisDedupe`. */
export interface RedisDedupeOptions {
  /** A client of the package `redis` or `ioredis`. The application connects it, listens to its errors and closes it. */
  readonly client: NodeRedisClient | IoRedisClient;
  /** Before every key. Default `tenantry:dedupe:`. */
  readonly prefix?: string | undefined;
}

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    client: z.custom<RedisDedupeOptions['client']>(isClient, 'must be a client of redis or ioredis'),
    prefix: z.string().default('tenantry:dedupe:'),
  }),
);

/**
 * Remembers handled events in Redis or Valkey, for all members of a group: a key for each event, which the server
 * drops when its time is over. What the server loses in a failover, or evicts because its memory is full, is handled
 * again if it is delivered again.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function redisDedupe(options: RedisDedupeOptions): DedupeStore {
  const { client, prefix } = checkOptions('redisDedupe', optionsSchema, options);
  return {
    // Where the application has told its client so, a number comes as text.
    has: async (key) => Number(await client.exists(prefix + key)) === 1,
    mark: (key, ttlMs) =>
      'pSetEx' in client ? client.pSetEx(prefix + key, ttlMs, '1') : client.psetex(prefix + key, ttlMs, '1'),
  };
}

function isClient(value: unknown): value is RedisDedupeOptions['client'] {
  if (typeof value !== 'object' || value === null) return false;
  const { exists, pSetEx, psetex } = value as Partial<NodeRedisClient & IoRedisClient>;
  return typeof exists === 'function' && (typeof pSetEx === 'function' || typeof psetex === 'function');
}
