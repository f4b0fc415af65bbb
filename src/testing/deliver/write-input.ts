import type { PublishOptions, Receipt } from '../../api/publisher.js';
import type { ClientParts } from '../../client/compose-parts.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { parseTenantId } from '../../core/tenant-id.js';
import { SendPipeline } from '../../producer/send-pipeline.js';
import { localRateLimiter } from '../../rate-limit/local-rate-limiter.js';
import { sharedRouter } from '../../routing/router.js';

/** What is delivered. */
export interface Input extends Omit<PublishOptions, 'signal'> {
  readonly tenant: string;
  /** What it is published as. */
  readonly contract: AnyEventContract;
  readonly data: unknown;
  /** Of a tombstone. */
  readonly aggregateId: string | undefined;
}

const LIMITS = {
  onLimit: 'wait',
  maxWaitMs: 30_000,
  maxQueueMs: 120_000,
  maxWaiting: 1,
  maxWaitingBytes: 1_000_000_000,
  maxInFlight: 1,
  maxInFlightBytes: 1_000_000_000,
  maxRecordBytes: 1_000_000,
} as const;

/**
 * Publishes the event as another process would: through a pipeline of its own, which knows no other contracts of the
 * type, and without the limits of the client.
 */
export function writeInput(parts: ClientParts, input: Input): Promise<Receipt> {
  const { clock, serde, cipher, producer, telemetry, erasure } = parts;
  const limiter = localRateLimiter({ clock, limitOf: () => undefined });
  const pipeline = new SendPipeline(
    { clock, serde, cipher, producer, telemetry, erasure, limiter, router: sharedRouter },
    LIMITS,
  );
  const { tenant, contract, data, aggregateId, eventId, timestamp, headers } = input;
  const tenantId = parseTenantId(tenant);
  const options = { eventId, timestamp, headers };
  return aggregateId === undefined
    ? pipeline.publish(tenantId, contract, data, options, 'bounded')
    : pipeline.tombstone(tenantId, contract, aggregateId, options);
}
