import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { StopReport } from 'tenantry';
import { tokenVerifier } from './auth.js';
import type { Config } from './config.js';
import { ShipmentRequested } from './contracts.js';
import { openDedupe } from './dedupe.js';
import { acceptShipment } from './handlers.js';
import { createHttp } from './http.js';
import { createKafka, SERVICE } from './kafka.js';
import { createLogger } from './logger.js';
import { startMetrics } from './metrics.js';
import { createTopics } from './topics.js';

/** The service while it runs. */
export interface Service {
  /** Where the API answers. */
  readonly url: string;
  readonly logger: Logger;
  /** Ends everything in order, and tells what was not done in time. */
  readonly stop: () => Promise<{ readonly worker: StopReport; readonly client: StopReport }>;
}

/** Starts everything, each after what it needs; `stop` goes the other way. */
export async function startService(config: Config): Promise<Service> {
  const logger = createLogger(config.LOG_LEVEL, () => kafka.currentTenant);
  const metrics = await startMetrics({ host: config.HOST, port: config.METRICS_PORT });
  const embedded = config.KAFKA_BROKERS === undefined ? await startEmbeddedKafka() : undefined;
  const kafka = createKafka(config, config.KAFKA_BROKERS ?? embedded?.brokers ?? [], logger);
  if (embedded !== undefined) await createTopics(kafka, { replicationFactor: 1 });

  const dedupe = await openDedupe(config.REDIS_URL, logger);
  const worker = kafka.worker(SERVICE, { dedupe: { store: dedupe.store } }).on(ShipmentRequested, acceptShipment);
  let isReady = true;
  const http = await createHttp({
    kafka,
    worker,
    logger,
    tenantOfToken: tokenVerifier(config),
    stopTimeoutMs: config.STOP_TIMEOUT_MS,
    isReady: () => isReady,
  });
  const url = await http.listen({ host: config.HOST, port: config.PORT });

  const stop: Service['stop'] = async () => {
    isReady = false;
    await sleep(config.DRAIN_MS); // Until nobody sends requests here any more.
    await http.close(); // Answers the last ones, and stops the worker and the client.
    const reports = { worker: await worker.stop(), client: await kafka.stop() };
    dedupe.close();
    await metrics.shutdown();
    await embedded?.stop();
    return reports;
  };
  return { url, logger, stop };
}

/** A broker inside this process, for those who have none at hand. */
async function startEmbeddedKafka() {
  const { EmbeddedKafka } = await import('tenantry/testing');
  return EmbeddedKafka.start();
}
