import type { Logger } from 'pino';
import { createClient } from 'redis';
import { memoryDedupe, type DedupeStore } from 'tenantry';
import { redisDedupe } from 'tenantry/redis';

/** Where the worker remembers what it has handled. */
export interface Dedupe {
  readonly store: DedupeStore;
  close(): void;
}

/** Opens the store in Redis, or one in this process that forgets with it. */
export async function openDedupe(url: string | undefined, logger: Logger): Promise<Dedupe> {
  if (url === undefined) return { store: memoryDedupe(), close: () => undefined };
  const client = createClient({ url }).on('error', (error: Error) => {
    logger.error({ reason: error.message }, 'redis failed');
  });
  await client.connect();
  return { store: redisDedupe({ client }), close: () => client.destroy() };
}
