import { inject } from 'vitest';
import { describeReadingContract } from '../transport/reading-contract.js';

describeReadingContract('a real Kafka', () => inject('kafkaBrokers').split(','));
