import type { Worker } from '../../api/worker.js';
import { TenantKafka } from '../../client/tenant-kafka.js';
import { silentLogger } from '../../core/logger.js';
import { envelopeEncryption } from '../../encryption/encryption-options.js';
import { announceInProcessTransport } from '../../transport/create-transport.js';
import { MemoryCluster } from '../in-memory/memory-cluster.js';
import { memoryTransport } from '../in-memory/memory-transport.js';
import { testKeyring } from '../in-memory/test-keys.js';
import { VirtualClock } from '../virtual-clock.js';
import type { CanaryMark } from './plant/canary.js';
import { gatedTransport } from './order/gated-transport.js';
import { HandlerRuns } from './watch/handler-runs.js';
import { Interleaving } from './order/interleaving.js';
import type { ResolvedLeakOptions } from './leak-options.js';
import type { MarkSearch } from './search/mark-search.js';
import { outputNow, type Output, type Saw } from './watch/output.js';
import { runAsService } from './watch/owner.js';
import { plantEvents, type PlantedEvent, type PlantedEvents } from './plant/plant-events.js';
import { seedMathRandom } from './order/seed-math-random.js';
import { watchAll, watchedLogger, type Refusal, type Watch } from './watch/watch-all.js';
import { sawCopy } from './watch/watch-publishes.js';

/** What came of the run of one seed. */
export interface SeedRun extends PlantedEvents {
  readonly outputs: readonly Output[];
  readonly refusals: readonly Refusal[];
  readonly handlers: HandlerRuns;
  readonly faults: number;
  readonly choices: number;
  readonly orderedByNetwork: number;
  readonly bodiesNotSeen: number;
  /** Why spans were not watched; undefined where they were. */
  readonly spansNotWatched: string | undefined;
  readonly deadLetters: number;
  /** Whether all events were handled in time. */
  readonly isOver: boolean;
}

/** After the last event, so many choices more for what handlers have left behind. */
const DRAIN_CHOICES = 200;
const MOST_AT_ONCE = 32;
/** What handlers publish goes to topics without a dot; dead letters, quarantine and controls have one. */
const LOGICAL_TOPIC = /^[a-z0-9][a-z0-9-]*$/;

let brokersMade = 0;

/** Runs the handlers once on events of all tenants, in an order that the seed decides, and takes note of all that comes out. */
export async function runSeed(
  seed: number,
  options: ResolvedLeakOptions,
  search: MarkSearch<CanaryMark>,
): Promise<SeedRun> {
  const interleaving = new Interleaving(seed);
  const { random } = interleaving;
  const outputs: Output[] = [];
  const refusals: Refusal[] = [];
  const planted = plantEvents(seed, options, search, random);
  const handlers = new HandlerRuns(planted.events, interleaving);
  let faults = 0;
  const fails = (): boolean => {
    const isFault = random.isTrue(options.faultRate);
    if (isFault) faults += 1;
    return isFault;
  };
  const saw: Saw = (channel, name, value, owner) => {
    outputs.push(outputNow(channel, name, value, owner));
  };
  const { clock, kafka, publisher, withdraw } = makeClients(interleaving, fails, saw, options);
  const unseed = seedMathRandom(seed);
  let watch: Watch | undefined;
  let isOver: boolean;
  let deadLetters: number;
  try {
    await clock.advanceUntil(publishAll(publisher, planted.events));
    const worker = kafka.worker('tenant-leaks', {
      concurrency: 2 + random.below(MOST_AT_ONCE - 1),
      commitIntervalMs: 100,
      retry: { attempts: 3, backoffMs: 1 },
    });
    const onRefusal = (refusal: Refusal): void => {
      refusals.push(refusal);
    };
    watch = watchAll({ saw, onRefusal, kafka, worker, handlers, interleaving, fails }, options);
    await runAsService(() => options.register(worker, kafka));
    const work = handleAll(worker);
    isOver = await interleaving.drive(work, clock, () => handlers.running > 0, options.timeoutMs);
    if (isOver) await work;
    await interleaving.drain(clock, DRAIN_CHOICES);
    deadLetters = worker.counts().deadLettered;
  } finally {
    const stopped = Promise.all([kafka.stop(), publisher.stop()]);
    await interleaving.drive(stopped, clock, () => false, options.timeoutMs);
    unseed();
    withdraw();
    watch?.stop();
  }
  return {
    ...planted,
    outputs: [...outputs, ...watch.spans()],
    refusals,
    handlers,
    faults,
    choices: interleaving.choices,
    orderedByNetwork: interleaving.impatient,
    bodiesNotSeen: watch.bodiesNotSeen(),
    spansNotWatched: watch.spansNotWatched,
    deadLetters,
    isOver,
  };
}

interface Clients {
  readonly clock: VirtualClock;
  /** What the handlers get: its publishes are answered in turn. */
  readonly kafka: TenantKafka;
  /** Publishes what they handle. */
  readonly publisher: TenantKafka;
  readonly withdraw: () => void;
}

function makeClients(
  interleaving: Interleaving,
  fails: () => boolean,
  saw: Saw,
  options: ResolvedLeakOptions,
): Clients {
  const clock = new VirtualClock();
  const cluster = new MemoryCluster(true);
  const onWrite = (record: Parameters<typeof sawCopy>[1]): void => {
    if (!LOGICAL_TOPIC.test(record.topic)) sawCopy(saw, record);
  };
  const gate = { interleaving, isPublish: ({ topic }: { topic: string }) => LOGICAL_TOPIC.test(topic), fails, onWrite };
  brokersMade += 1;
  const outside = `leaks-${brokersMade}-outside.invalid:9092`;
  const inside = `leaks-${brokersMade}.invalid:9092`;
  const withdraw = [
    announceInProcessTransport(outside, () => memoryTransport(cluster, clock)),
    announceInProcessTransport(inside, () => gatedTransport(memoryTransport(cluster, clock), gate)),
  ];
  const encryption = envelopeEncryption({ kms: testKeyring });
  const common = { encryption, ...options.client, clientId: 'tenant-leaks', clock };
  return {
    clock,
    kafka: new TenantKafka({ ...common, brokers: [inside], logger: watchedLogger(saw) }),
    publisher: new TenantKafka({ ...common, brokers: [outside], logger: silentLogger }),
    withdraw: () => {
      for (const each of withdraw) each();
    },
  };
}

async function publishAll(kafka: TenantKafka, events: readonly PlantedEvent[]): Promise<void> {
  await Promise.all(
    events.map(({ contract, tenantId, data, eventId }) => kafka.tenant(tenantId).publish(contract, data, { eventId })),
  );
}

async function handleAll(worker: Worker): Promise<void> {
  await worker.start();
  await worker.caughtUp();
}
