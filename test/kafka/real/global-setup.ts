// One Kafka for all files of this folder: `inject('kafkaBrokers')` gives its address.
// A test that kills or restarts a broker starts its own with startKafka.
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { startKafka } from '../../../scripts/kafka/start-kafka.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = process.env['TENANTRY_TEST_BROKERS'];
  if (running !== undefined) {
    project.provide('kafkaBrokers', running);
    return undefined;
  }
  const kafka = await startKafka({ isShortLived: true });
  project.provide('kafkaBrokers', kafka.brokers);
  return () => kafka.stop();
}
