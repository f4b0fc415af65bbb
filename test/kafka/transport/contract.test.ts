import { afterAll, beforeAll } from 'vitest';
import { EmbeddedKafka } from 'tenantry/testing';
import { describeTransportContract } from './contract.js';

let kafka: EmbeddedKafka;
beforeAll(async () => {
  kafka = await EmbeddedKafka.start();
});
afterAll(() => kafka.stop());

describeTransportContract('the embedded Kafka', () => kafka.brokers);
