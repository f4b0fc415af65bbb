export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
