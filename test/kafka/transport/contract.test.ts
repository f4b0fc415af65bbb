import { afterAll, beforeAll } from 'vitest';
import { EmbeddedKafka } from 'tenantry/testing';
import { describeTransportContract } from './contract.js';
import { describeReadingContract } from './reading-contract.js';

let kafka: EmbeddedKafka;
beforeAll(async () => {
  kafka = await EmbeddedKafka.start();
});
afterAll(() => kafka.stop());

describeTransportContract('the embedded Kafka', () => kafka.brokers);
describeReadingContract('the embedded Kafka', () => kafka.brokers);
