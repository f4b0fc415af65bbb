// The Kafka in memory is held to what the embedded one and a real one are held to.
import { afterAll } from 'vitest';
import { InMemoryKafka } from 'tenantry/testing';
import { describeTransportContract } from '../../../kafka/transport/contract.js';
import { describeGroupOffsetsContract } from '../../../kafka/transport/group-offsets-contract.js';
import { describeReadingContract } from '../../../kafka/transport/reading-contract.js';

const kafka = new InMemoryKafka({ createsTopics: false });
afterAll(() => kafka.stop());

describeTransportContract('a Kafka in memory', () => kafka.brokers);
describeReadingContract('a Kafka in memory', () => kafka.brokers);
describeGroupOffsetsContract('a Kafka in memory', () => kafka.brokers);
