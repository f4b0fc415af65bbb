export type { ContractBundle } from '../contract/bundle/bundle.js';
export type { Finding } from '../contract/compatibility/finding.js';
export type { ExpectationVerdict } from '../contract/expectation/compare-expectation.js';
export { consumerExpectation, type ConsumerExpectation } from '../contract/expectation/expectation.js';
export type { DeliverOptions } from './deliver/deliver-options.js';
export { deliver, deliverUnchecked, type DeliverUncheckedOptions } from './deliver/deliver.js';
export type { DeliveryOutcome, DeliveryResult, HandlerTry, PublishedEvent } from './deliver/delivery-result.js';
export { EmbeddedKafka, type EmbeddedKafkaOptions } from './embedded-kafka.js';
export {
  everyVersion,
  fixtures,
  type DroppedFixture,
  type Fixture,
  type FixtureOptions,
  type Fixtures,
} from './fixtures/fixtures.js';
export { InMemoryKafka, type InMemoryKafkaOptions } from './in-memory/in-memory-kafka.js';
export {
  keyServiceContract,
  type KeyDestructionSubject,
  type KeyServiceCheck,
  type KeyServiceSubject,
  type UnusableKind,
} from './key-service-contract.js';
export { ADVERSARIAL_TENANTS, type Same } from './leaks/plant/adversarial-tenants.js';
export type { Canary, CanaryKind } from './leaks/plant/canary.js';
export { assertNoTenantLeaks, findTenantLeaks } from './leaks/find-tenant-leaks.js';
export { leakInput, type LeakInput } from './leaks/plant/leak-input.js';
export type { Plant } from './leaks/plant/plant.js';
export type { SinkSaw, TenantLeakOptions } from './leaks/leak-options.js';
export {
  formatLeakReport,
  type AllowedLeak,
  type ChannelRun,
  type ContractRun,
  type LeakedCanary,
  type TenantLeak,
  type TenantLeakReport,
} from './leaks/leak-report.js';
export type { Channel } from './leaks/watch/output.js';
export type { HandlerRun } from './leaks/watch/owner.js';
export { outcomes, settled, type ExpectedOutcomes, type WaitOptions } from './outcomes.js';
export type { ConsumerProblem, ConsumerVerification, VerifiedContract } from './verify/consumer-verification.js';
export { recordExpectation, verifyExpectation } from './verify/expectations.js';
export type { Register } from './verify/registrations.js';
export { verifyConsumer, type VerifyConsumerOptions } from './verify/verify-consumer.js';
export { VirtualClock } from './virtual-clock.js';
