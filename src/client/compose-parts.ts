import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { ConsumerParts } from '../consumer/consumer-parts.js';
import { createEnvelopeCipher, type EnvelopeCipher } from '../encryption/envelope-cipher.js';
import { cloudEventHeaders } from '../producer/cloud-event-headers.js';
import { SendPipeline } from '../producer/send-pipeline.js';
import { localRateLimiter } from '../rate-limit/local-rate-limiter.js';
import { effectiveRateLimit } from '../rate-limit/options.js';
import { sharedRouter } from '../routing/router.js';
import { jsonSerde } from '../serde/json-serde.js';
import { makeSerde } from '../serde/serde-option.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { AmbientTenant } from '../tenant/ambient-tenant.js';
import { profileOf, type TenantDirectory, type TenantRateLimit } from '../tenant/directory.js';
import { ErasureEntries } from '../tenant/erasure-entries.js';
import { createTransport } from '../transport/create-transport.js';
import type { CompiledOptions } from './client-options.js';
import { RunningConsumers } from './running-consumers.js';

/** The parts of a client, put together. */
export interface ClientParts extends Omit<ConsumerParts, 'publisherOf'> {
  readonly clock: Clock;
  readonly pipeline: SendPipeline;
  readonly running: RunningConsumers;
  readonly erasure: ErasureEntries;
  readonly cipher: EnvelopeCipher | undefined;
}

/**
 * Of a tenant that the directory has ceased to know nothing more is taken; what was taken before drains slowly,
 * rather than at once and without its limit, until the directory knows it again or the wait is over.
 */
const LIMIT_OF_UNKNOWN: TenantRateLimit = Object.freeze({ eventsPerSecond: 1 });

/** The composition root: the one place that knows which implementation stands behind which port. */
export function composeParts(options: CompiledOptions): ClientParts {
  const { clock, logger, directory, rateLimit } = options;
  const telemetry = new Telemetry({ clock, logger, options: options.telemetry });
  const transport = createTransport(options, { clock, telemetry });
  const serde = (options.serde && makeSerde(options.serde, { clock, telemetry })) ?? jsonSerde;
  const cipher = options.encryption && createEnvelopeCipher(options.encryption, { clock, telemetry, directory });
  const erasure = cipher?.erasure ?? new ErasureEntries(directory);
  const limiter = localRateLimiter({
    clock,
    burstMs: rateLimit.burstMs,
    limitOf: (tenantId) => limitOf(tenantId, directory, rateLimit.default),
  });
  const producer = transport.createProducer();
  const describe = options.cloudEvents && cloudEventHeaders(options.cloudEvents.source, serde.contentType);
  const pipeline = new SendPipeline(
    { clock, router: sharedRouter, serde, limiter, cipher, producer, telemetry, erasure, describe },
    {
      onLimit: rateLimit.onLimit,
      maxWaitMs: rateLimit.maxWaitMs,
      maxQueueMs: options.deliveryTimeoutMs,
      maxWaiting: rateLimit.maxWaiting,
      maxWaitingBytes: options.maxWaitingBytes,
      maxInFlight: options.maxInFlight,
      maxInFlightBytes: options.maxInFlightBytes,
      maxRecordBytes: options.maxRecordBytes,
    },
  );
  return {
    maxPollIntervalMs: maxPollIntervalMs(options),
    clock,
    transport,
    producer,
    limiter,
    cipher,
    telemetry,
    directory,
    erasure,
    pipeline,
    serde,
    ambient: new AmbientTenant(),
    running: new RunningConsumers(),
  };
}

function limitOf(
  tenantId: TenantId,
  directory: TenantDirectory,
  fallback: TenantRateLimit | undefined,
): TenantRateLimit | undefined {
  try {
    const profile = profileOf(directory, tenantId);
    return profile === undefined ? LIMIT_OF_UNKNOWN : effectiveRateLimit(profile.rateLimit, fallback);
  } catch {
    return LIMIT_OF_UNKNOWN;
  }
}

const MAX_POLL_INTERVAL = 'max.poll.interval.ms';
/** librdkafka's own default. */
const DEFAULT_MAX_POLL_INTERVAL_MS = 300_000;

/** How long a consumer may go without polling before its partitions are another's. */
function maxPollIntervalMs({ librdkafka }: CompiledOptions): number {
  const given = librdkafka.consumer[MAX_POLL_INTERVAL] ?? librdkafka.global[MAX_POLL_INTERVAL];
  return given === undefined ? DEFAULT_MAX_POLL_INTERVAL_MS : Number(given);
}
