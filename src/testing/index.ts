export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export { VirtualClock } from './virtual-clock.js';
