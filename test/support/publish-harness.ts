import type { PublishOptions, Receipt } from '../../src/api/publisher.js';
import type { AnyEventContract } from '../../src/contract/event-contract.js';
import { silentLogger } from '../../src/core/logger.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import type { DescribeEvent } from '../../src/producer/cloud-event-headers.js';
import { SendPipeline, type Pacing, type SendPipelineLimits } from '../../src/producer/send-pipeline.js';
import type { RateLimiter } from '../../src/rate-limit/limiter.js';
import { localRateLimiter } from '../../src/rate-limit/local-rate-limiter.js';
import { sharedRouter } from '../../src/routing/router.js';
import { jsonSerde } from '../../src/serde/json-serde.js';
import type { ValueSerde } from '../../src/serde/value-serde.js';
import { telemetrySchema } from '../../src/telemetry/options.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { openDirectory, type TenantRateLimit } from '../../src/tenant/directory.js';
import { ErasureEntries } from '../../src/tenant/erasure-entries.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { ACME, Noted } from './contracts.js';
import { FakeCipher } from './fake-cipher.js';
import { FakeKafka } from './fake-kafka.js';
import { FakeProducer } from './fake-producer.js';

const LIMITS: SendPipelineLimits = {
  onLimit: 'wait',
  maxWaitMs: 30_000,
  maxQueueMs: 120_000,
  maxWaiting: 10_000,
  maxWaitingBytes: 256 * 1024 * 1024,
  maxInFlight: 1_000,
  maxInFlightBytes: 64 * 1024 * 1024,
  maxRecordBytes: 1_000_000,
};

/** How a publish ended: its receipt, or the code of its error. */
export type Ending = Receipt | string;

/** A send pipeline on fakes. */
export class PublishHarness {
  readonly clock = new VirtualClock();
  readonly kafka = new FakeKafka(this.clock);
  readonly producer = new FakeProducer(this.kafka);
  readonly cipher = new FakeCipher();
  readonly limiter: RateLimiter;
  readonly pipeline: SendPipeline;
  readonly limitOf = new Map<TenantId, TenantRateLimit>();
  /** Tenants of which some key is erased. */
  readonly erased = new Set<TenantId>();

  constructor(limits: Partial<SendPipelineLimits> = {}, serde: ValueSerde = jsonSerde, describe?: DescribeEvent) {
    const { clock, producer, cipher } = this;
    this.kafka.createTopic('notes', 3);
    this.kafka.createTopic('states', 1);
    this.limiter = localRateLimiter({ clock, burstMs: 1_000, limitOf: (tenantId) => this.limitOf.get(tenantId) });
    const telemetry = new Telemetry({ clock, logger: silentLogger, options: telemetrySchema().parse({}) });
    const erasure = new ErasureEntries(openDirectory, (id) => (this.erased.has(id) ? ['00'.repeat(8)] : undefined));
    this.pipeline = new SendPipeline(
      { clock, router: sharedRouter, serde, limiter: this.limiter, cipher, producer, telemetry, erasure, describe },
      { ...LIMITS, ...limits },
    );
  }

  publish(data: unknown, more: PublishCall = {}): Promise<Receipt> {
    const { tenant = ACME, contract = Noted, options = {}, pacing = 'bounded' } = more;
    return this.pipeline.publish(tenant, contract, data, options, pacing);
  }

  /** A publish whose end is a value. */
  ending(data: unknown, more: PublishCall = {}): Promise<Ending> {
    return ended(this.publish(data, more));
  }

  /** The values of a field of what was handed to the client, in order. */
  get takenIds(): string[] {
    return this.producer.taken.map(({ key }) => key?.toString() ?? '');
  }
}

export interface PublishCall {
  readonly tenant?: TenantId | undefined;
  readonly contract?: AnyEventContract | undefined;
  readonly options?: PublishOptions | undefined;
  readonly pacing?: Pacing | undefined;
}

/** A promise's receipt, or the code of its error. */
export function ended(publish: Promise<Receipt>): Promise<Ending> {
  return publish.catch((error: unknown) => String((error as { code?: unknown }).code ?? error));
}
