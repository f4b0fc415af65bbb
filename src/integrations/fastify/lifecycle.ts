import type { FastifyInstance } from 'fastify';
import type { EventConsumer } from '../../api/consumer.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { endConnectionsOnClose } from './connections.js';

/** What starts and stops with a server. */
export interface Parts {
  readonly kafka: TenantKafka;
  readonly workers: readonly EventConsumer[];
  readonly stopTimeoutMs: number;
}

/** Starts the client and its workers before the server listens, and stops them so that nothing is lost. */
export function addLifecycle(
  app: FastifyInstance,
  { kafka, workers, stopTimeoutMs }: Parts,
): { readonly isRunning: () => boolean } {
  let isRunning = false;
  endConnectionsOnClose(app);
  const stopWorkers = (): Promise<unknown> =>
    Promise.all(workers.map((worker) => worker.stop({ timeoutMs: stopTimeoutMs })));
  app.addHook('onReady', async () => {
    try {
      await kafka.start();
      await Promise.all(workers.map((worker) => worker.start()));
    } catch (error) {
      // Nobody closes a server that did not become ready.
      await kafka.stop({ timeoutMs: stopTimeoutMs });
      throw error;
    }
    isRunning = true;
  });
  // Workers need not wait for the last request: both end at once.
  app.addHook('preClose', (done) => {
    isRunning = false;
    void stopWorkers();
    done();
  });
  // Here all requests are answered; until then they may publish.
  app.addHook('onClose', async () => {
    await stopWorkers();
    const report = await kafka.stop({ timeoutMs: stopTimeoutMs });
    if (report.timedOut) app.log.warn(report, 'tenantry: the time to stop was over before everything had ended');
  });
  return { isRunning: () => isRunning };
}
