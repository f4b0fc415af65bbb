import { afterAll, beforeAll } from 'vitest';
import { EmbeddedKafka } from 'tenantry/testing';
import { describeGroupOffsetsContract } from './group-offsets-contract.js';

let kafka: EmbeddedKafka;
beforeAll(async () => {
  kafka = await EmbeddedKafka.start();
});
afterAll(() => kafka.stop());

describeGroupOffsetsContract('the embedded Kafka', () => kafka.brokers);
