import { afterAll, beforeAll } from 'vitest';
import { EmbeddedKafka } from 'tenantry/testing';
import { describeReadingContract } from './reading-contract.js';

let kafka: EmbeddedKafka;
beforeAll(async () => {
  kafka = await EmbeddedKafka.start();
});
afterAll(() => kafka.stop());

describeReadingContract('the embedded Kafka', () => kafka.brokers);
