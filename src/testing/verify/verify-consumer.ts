import type { TenantKafka } from '../../client/tenant-kafka.js';
import { bundleSchema, type ContractBundle } from '../../contract/bundle/bundle.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { compareExpectation } from '../../contract/expectation/compare-expectation.js';
import { consumerExpectation, withProducers } from '../../contract/expectation/expectation.js';
import { tenantryError } from '../../core/errors.js';
import { checkOptions } from '../../core/invalid-options.js';
import type { PublishedEvent } from '../deliver/delivery-result.js';
import { everyVersion } from '../fixtures/fixtures.js';
import { InMemoryKafka } from '../in-memory/in-memory-kafka.js';
import { checkPublished } from './check-published.js';
import type { ConsumerProblem, ConsumerVerification, VerifiedContract } from './consumer-verification.js';
import { deliverFixtures, type ReadContract } from './deliver-fixtures.js';
import { registrationsOf, type Register } from './registrations.js';

/** What is verified. */
export interface VerifyConsumerOptions {
  /** The name under which producers know the consumer. */
  readonly consumer: string;
  /** The bundles of the producers, each as its `contracts.json` holds it. */
  readonly bundles: readonly unknown[];
  /** Registers the handlers, as the service does; `kafka` is a client in memory to publish with. */
  readonly register: Register;
  /** The consumer's own bundle, of what its handlers publish. Default: what they publish is not looked at */
  readonly publishes?: unknown;
  /** A client of an `InMemoryKafka`. Default: a new one, with a key for every tenant */
  readonly kafka?: TenantKafka | undefined;
  /** Whose events are delivered. Default `contract-test` */
  readonly tenant?: string | undefined;
  /** Of the fixtures. Default 1 */
  readonly seed?: number | undefined;
  /** After how many milliseconds what has not ended of a contract's fixtures is given up. Default 60,000 */
  readonly giveUpAfterMs?: number | undefined;
}

/**
 * Verifies that a consumer goes with the contracts of its producers: that what it reads is no more than what they
 * promise, that its handlers take whatever may be written, in every version, that what no contract allows is
 * dead-lettered and never handled, and that what the handlers publish is what the consumer's own bundle says. The
 * handlers run, with made-up data.
 *
 * @throws TenantryError `INVALID_OPTIONS` for what is no bundle, and where no handler is registered; `NO_JSON_SCHEMA`
 */
export async function verifyConsumer(options: VerifyConsumerOptions): Promise<ConsumerVerification> {
  const { consumer, tenant = 'contract-test', seed, giveUpAfterMs = 60_000 } = options;
  const bundles = options.bundles.map((bundle, index) => checkOptions(`bundles[${index}]`, bundleSchema, bundle));
  const own = options.publishes === undefined ? undefined : checkOptions('publishes', bundleSchema, options.publishes);
  await using memory = new InMemoryKafka();
  const kafka = options.kafka ?? memory.client();
  const registrations = await registrationsOf(options.register, kafka);
  const handled = registrations.flatMap(({ contracts }) => contracts);
  if (handled.length === 0) throw tenantryError('INVALID_STATE', `verifyConsumer: ${consumer} registers no handler`);

  const expectation = consumerExpectation(consumer, handled);
  const promised = together(bundles);
  const problems: ConsumerProblem[] = compareExpectation(expectation, promised).flatMap(({ eventType, findings }) =>
    findings.map(({ place, reason, verdict }) => ({
      eventType,
      check: 'needs',
      place,
      reason,
      isUndecided: verdict === 'undecided',
      error: undefined,
    })),
  );
  const contracts: VerifiedContract[] = [];
  const published: PublishedEvent[] = [];
  for (const pair of pairsOf(handled, promised)) {
    const found = await deliverFixtures(pair, { kafka, registrations, tenant, seed, giveUpAfterMs });
    contracts.push(found.contract);
    problems.push(...found.problems);
    published.push(...found.published);
  }
  if (own !== undefined) problems.push(...checkPublished(published, own));
  return {
    problems,
    texts: problems.map(textOf),
    contracts,
    published: countsOf(published),
    expectation: withProducers(expectation, bundles),
  };
}

function together(bundles: readonly ContractBundle[]): ContractBundle {
  const [first] = bundles;
  if (first === undefined) throw tenantryError('INVALID_STATE', 'verifyConsumer: bundles must hold at least one');
  return { ...first, contracts: bundles.flatMap(({ contracts }) => contracts) };
}

/** What is both promised and read. A handler of an exact version beats an upcast, as in production. */
function pairsOf(handled: readonly AnyEventContract[], { contracts }: ContractBundle): readonly ReadContract[] {
  const versions = [...handled, ...handled.flatMap(everyVersion)];
  return contracts.flatMap((promised) => {
    const read = versions.find(({ eventType }) => eventType === promised.eventType);
    return read === undefined ? [] : [{ promised, read }];
  });
}

function textOf({ eventType, check, place, reason, isUndecided }: ConsumerProblem): string {
  return `${eventType} ${check}${isUndecided ? ', undecided' : ''}: ${place}: ${reason}`;
}

function countsOf(published: readonly PublishedEvent[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { eventType } of published) counts.set(eventType, (counts.get(eventType) ?? 0) + 1);
  return Object.fromEntries(counts);
}
