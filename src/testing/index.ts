export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export { keyServiceContract, type KeyServiceCheck, type KeyServiceSubject } from './key-service-contract.js';
export { VirtualClock } from './virtual-clock.js';
