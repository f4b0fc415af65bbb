// Run once for each cluster, with credentials that may create topics: node dist/create-topics.js
import { pino } from 'pino';
import { readConfig } from './config.js';
import { createKafka } from './kafka.js';
import { createTopics } from './topics.js';

const logger = pino();
const config = readConfig(process.env);
const { KAFKA_BROKERS: brokers = [] } = config;
const kafka = createKafka(config, brokers, logger);
try {
  // -1: as many replicas as the brokers are set to.
  const created = await createTopics(kafka, { partitions: 12, replicationFactor: -1 });
  logger.info({ created }, 'topics are there');
} finally {
  await kafka.stop();
}
