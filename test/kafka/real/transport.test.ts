import { inject } from 'vitest';
import { describeTransportContract } from '../transport/contract.js';

describeTransportContract('a real Kafka', () => inject('kafkaBrokers').split(','));
