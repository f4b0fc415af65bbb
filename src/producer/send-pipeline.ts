import type { PublishOptions, Receipt } from '../api/publisher.js';
import { ContractSet } from '../contract/contract-set.js';
import type { AnyEventContract } from '../contract/event-contract.js';
import type { Clock } from '../core/clock.js';
import { deferred } from '../core/deferred.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { RecordCipher } from '../encryption/record-cipher.js';
import type { RateLimiter } from '../rate-limit/limiter.js';
import type { WireHeader } from '../record/wire-record.js';
import type { Router } from '../routing/router.js';
import { assertRoundTrips } from '../serde/round-trip.js';
import { assertSealsFields, type ValueSerde } from '../serde/value-serde.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { ErasureEntries } from '../tenant/erasure-entries.js';
import type { Delivery, RecordProducer } from '../transport/port.js';
import type { DescribeEvent } from './cloud-event-headers.js';
import { dataSizeBytes } from './data-size.js';
import { outgoingRecord, recordCostBytes } from './outgoing-record.js';
import { sealBytes, sealEvent } from './seal-stage.js';
import { SendJob } from './send-job.js';
import { SendWindow } from './send-window.js';
import { assertSignal } from './shared-abort.js';
import {
  withHeaders,
  withPayload,
  withRoute,
  type Encoded,
  type Routed,
  type Sealed,
  type Validated,
} from './stages.js';
import { TenantSendQueue } from './tenant-send-queue.js';
import type { SendSteps } from './send-steps.js';
import { WaitingRoom } from './waiting-room.js';
import { validateEvent, validateTombstone } from './validate-stage.js';

/** Everything the pipeline stands on. */
export interface SendPipelineParts {
  readonly clock: Clock;
  readonly router: Router;
  readonly serde: ValueSerde;
  readonly limiter: RateLimiter;
  readonly cipher: RecordCipher | undefined;
  readonly producer: RecordProducer;
  readonly telemetry: Telemetry;
  /** Describes events for others; undefined where they are not. */
  readonly describe?: DescribeEvent | undefined;
  /** Which tenants nothing is published for. */
  readonly erasure: Pick<ErasureEntries, 'assertMayPublish'>;
}

/** The bounds of the pipeline. */
export interface SendPipelineLimits {
  readonly onLimit: 'wait' | 'reject';
  /** How long a publish may wait for its tenant's limit. */
  readonly maxWaitMs: number;
  /** How long a publish may wait before it is handed over, for whatever. */
  readonly maxQueueMs: number;
  /** How many publishes of one tenant may wait. */
  readonly maxWaiting: number;
  /** How many bytes the waiting publishes of all tenants may have; those of one at most half. */
  readonly maxWaitingBytes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly maxRecordBytes: number;
}

/** Whether a publish may wait as long as it takes, because its sender paces itself. */
export type Pacing = 'bounded' | 'paced';

/**
 * The way of an event to the broker: validate → route → encode → admit → seal → key + headers → produce →
 * delivery report. What can be refused is refused in the call; the rest passes in the tenant's queue.
 */
export class SendPipeline {
  readonly #parts: SendPipelineParts;
  readonly #limits: SendPipelineLimits;
  readonly #steps: SendSteps;
  /** Only tenants with something to send are in it. */
  readonly #queues = new Map<TenantId, TenantSendQueue>();
  readonly #contracts = new ContractSet();
  readonly #provedContracts = new WeakSet<AnyEventContract>();
  #unsettled = 0;
  #stopped = false;
  #onDrained: (() => void) | undefined;

  constructor(parts: SendPipelineParts, limits: SendPipelineLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#steps = {
      clock: parts.clock,
      limiter: parts.limiter,
      window: new SendWindow(limits.maxInFlight, limits.maxInFlightBytes),
      room: new WaitingRoom(limits.maxWaitingBytes),
      onLimit: limits.onLimit,
      maxWaitMs: limits.maxWaitMs,
      maxQueueMs: limits.maxQueueMs,
      maxWaiting: limits.maxWaiting,
      partitionOf: (event) => this.#partitionOf(event),
      seal: (event) => sealEvent(event, parts.cipher),
      send: (sealed, partition, onDelivery) => this.#send(sealed, partition, onDelivery),
      onIdle: (id) => this.#queues.delete(id),
      onRateLimited: (tenantId) => {
        parts.telemetry.countRateLimited(tenantId);
      },
    };
  }

  /** Publishes that have no answer yet. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Tenants that have something to send or in flight; nothing is kept of any other. */
  get sendingTenants(): number {
    return this.#queues.size;
  }

  /** The contract of an event type, such as `orders.placed.v1`, of which something was published. */
  contractOf(eventType: string): AnyEventContract | undefined {
    const found = this.#contracts.lookup(eventType);
    return typeof found === 'string' ? undefined : found;
  }

  /** Whether a tenant's publishes that wait hold so many bytes that it should send no more for now. */
  isCrowded(tenantId: TenantId): boolean {
    return this.#queues.get(tenantId)?.isCrowded === true;
  }

  publish(
    tenantId: TenantId,
    contract: AnyEventContract,
    data: unknown,
    options: PublishOptions,
    pacing: Pacing,
  ): Promise<Receipt> {
    return this.#accept(options, pacing, () => validateEvent(tenantId, contract, data, options, this.#parts.clock));
  }

  tombstone(
    tenantId: TenantId,
    contract: AnyEventContract,
    aggregateId: string,
    options: PublishOptions,
  ): Promise<Receipt> {
    return this.#accept(options, 'bounded', () =>
      validateTombstone(tenantId, contract, aggregateId, options, this.#parts.clock),
    );
  }

  /**
   * Takes no more publishes, waits up to `timeoutMs` for those under way, fails the rest and disconnects.
   *
   * @returns how many had to be failed
   */
  async stop(timeoutMs: number): Promise<number> {
    this.#stopped = true;
    const { clock, producer } = this.#parts;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    if (this.#unsettled > 0) {
      const drained = deferred<undefined>();
      this.#onDrained = () => {
        drained.resolve(undefined);
      };
      const timer = clock.setTimer(timeoutMs, this.#onDrained, { keepAlive: true });
      await drained.promise;
      timer.cancel();
    }
    const unfinished = this.#unsettled;
    for (const queue of this.#queues.values()) queue.abandon(notRunning);
    await producer.disconnect(Math.max(0, deadlineMs - clock.monotonicMs()));
    return unfinished;
  }

  #accept(options: PublishOptions, pacing: Pacing, validate: () => Validated): Promise<Receipt> {
    if (this.#stopped) return Promise.reject(notRunning());
    try {
      assertSignal(options.signal);
      if (options.signal?.aborted === true) throw tenantryError('ABORTED', 'the publish was aborted before it began');
      const routed = this.#route(this.#describe(validate()));
      return this.#submit(routed, this.#encode(routed), options, pacing);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #describe(event: Validated): Validated {
    const { describe } = this.#parts;
    return describe === undefined ? event : withHeaders(event, describe(event));
  }

  #route(event: Validated): Routed {
    // What has been published before need not be compared again.
    if (!this.#provedContracts.has(event.contract)) {
      this.#contracts.add(event.contract);
      assertSealsFields(this.#parts.serde, event.contract);
    }
    const { topic, partitions } = this.#parts.router.route(event.tenantId, event.contract);
    return withRoute(event, topic, partitions);
  }

  #encode(event: Routed): Buffer | null | Promise<Buffer> {
    if (event.tombstone) return null;
    const { contract, data } = event;
    const bytes = this.#parts.serde.encode(contract, data);
    return bytes instanceof Promise
      ? bytes.then((known) => this.#prove(contract, known))
      : this.#prove(contract, bytes);
  }

  #prove(contract: AnyEventContract, bytes: Buffer): Buffer | Promise<Buffer> {
    if (this.#provedContracts.has(contract)) return bytes;
    const proof = assertRoundTrips(contract, this.#parts.serde, bytes);
    const proved = (): Buffer => {
      this.#provedContracts.add(contract);
      return bytes;
    };
    return proof instanceof Promise ? proof.then(proved) : proved();
  }

  /** Refuses a record that the broker would refuse, before it costs anything. */
  #weigh(event: Routed, bytes: Buffer | null, traceHeaders: readonly WireHeader[]): Encoded {
    const { cipher, serde } = this.#parts;
    const { contract } = event;
    const split =
      bytes !== null && typeof contract.protection === 'object'
        ? serde.fields?.split(contract, contract.protection, bytes)
        : undefined;
    const payload = split?.readable ?? bytes;
    const added = sealBytes(event, cipher, split?.sealed.length ?? 0);
    const costBytes = recordCostBytes(event, payload?.length ?? 0, added, traceHeaders);
    const limitBytes = this.#limits.maxRecordBytes;
    if (costBytes > limitBytes) {
      throw tenantryError(
        'RECORD_TOO_LARGE',
        `event ${contract.eventType}: the record would have ${costBytes} bytes, the limit is ${limitBytes}`,
        { sizeBytes: costBytes, limitBytes },
      );
    }
    return withPayload(event, payload, split?.sealed, traceHeaders, costBytes);
  }

  #submit(
    event: Routed,
    payload: Buffer | null | Promise<Buffer>,
    options: PublishOptions,
    pacing: Pacing,
  ): Promise<Receipt> {
    const { clock, telemetry } = this.#parts;
    const { tenantId, topic, contract, eventId } = event;
    const acceptedAtMs = pacing === 'paced' ? undefined : clock.monotonicMs();
    const receipt = deferred<Receipt>();
    const span = telemetry.startPublish({ tenantId, topic, eventType: contract.eventType, eventId });
    let job: SendJob;
    try {
      const traceHeaders: WireHeader[] = [];
      telemetry.inject(span, traceHeaders);
      const encoded =
        payload instanceof Promise
          ? payload.then((bytes) => this.#weigh(event, bytes, traceHeaders))
          : this.#weigh(event, payload, traceHeaders);
      const weightBytes =
        encoded instanceof Promise
          ? recordCostBytes(event, dataSizeBytes(event.data), 0, traceHeaders)
          : encoded.costBytes;
      job = new SendJob(event, encoded, weightBytes, span, acceptedAtMs, receipt, options.signal, this.#onSettled);
    } catch (error) {
      telemetry.endPublish(span, error as Error);
      throw error;
    }
    this.#unsettled += 1;
    this.#queueOf(tenantId).submit(job);
    return receipt.promise;
  }

  readonly #onSettled = (job: SendJob, error: Error | undefined): void => {
    this.#unsettled -= 1;
    if (this.#unsettled === 0) this.#onDrained?.();
    this.#parts.telemetry.endPublish(job.span, error);
  };

  #queueOf(tenantId: TenantId): TenantSendQueue {
    let queue = this.#queues.get(tenantId);
    if (queue === undefined) {
      queue = new TenantSendQueue(tenantId, this.#steps);
      this.#queues.set(tenantId, queue);
    }
    return queue;
  }

  #partitionOf({ topic, key, partitions }: Routed): number | Promise<number> {
    const count = this.#parts.producer.partitionCount(topic);
    if (typeof count === 'number') return partitions.partitionOf(key, count);
    return count.then((known) => partitions.partitionOf(key, known));
  }

  #send(sealed: Sealed, partition: number, onDelivery: (delivery: Delivery) => void): boolean {
    // It may have waited, and its tenant may have been erased meanwhile.
    this.#parts.erasure.assertMayPublish(sealed.tenantId);
    const isTaken = this.#parts.producer.produce(outgoingRecord(sealed, partition), onDelivery);
    if (isTaken) this.#release(sealed);
    return isTaken;
  }

  /** The producer has copies of its own. What was taken last goes back first. */
  #release({ contract, payload, sealedFields, value, seal }: Sealed): void {
    const { cipher, serde } = this.#parts;
    if (seal !== undefined) cipher?.release(seal);
    if (value !== null && value !== payload) cipher?.release(value);
    if (payload !== null) serde.release?.(contract, payload);
    if (sealedFields !== undefined) serde.release?.(contract, sealedFields);
  }
}

function notRunning(): Error {
  return tenantryError('NOT_RUNNING', 'the client is stopped: nothing was sent');
}
