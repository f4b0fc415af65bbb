import { inject } from 'vitest';
import { describeTransportContract } from '../transport/contract.js';
import { describeReadingContract } from '../transport/reading-contract.js';

describeTransportContract('a real Kafka', () => inject('kafkaBrokers').split(','));
describeReadingContract('a real Kafka', () => inject('kafkaBrokers').split(','));
