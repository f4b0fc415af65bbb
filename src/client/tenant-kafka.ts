import type { ConsumerOptions, StopReport, TenantConsumer } from '../api/consumer.js';
import type { Worker } from '../api/worker.js';
import type { PublishManyOptions, PublishOptions, Publisher, Receipt } from '../api/publisher.js';
import type { TenantScope } from '../api/tenant-scope.js';
import { consumerOptionsSchema, type ResolvedConsumerOptions } from '../consumer/consumer-options.js';
import type { ConsumerParts } from '../consumer/consumer-parts.js';
import { GroupEventConsumer } from '../consumer/group-event-consumer.js';
import { GroupWorker } from '../consumer/group-worker.js';
import type { AnyEventContract, CompactedContract, InputOf } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';
import { checkOptions } from '../core/invalid-options.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import { parseGroupName, sharedGroupId, tenantGroupId } from '../routing/naming.js';
import { assertKnownTenant } from '../tenant/directory.js';
import { makeAdmin, type Admin } from './client-admin.js';
import { rememberParts } from './client-parts.js';
import { compileOptions, type ClientOptions } from './client-options.js';
import { composeParts, type ClientParts } from './compose-parts.js';
import { ScopedPublisher } from './scoped-publisher.js';
import { TenantHandle } from './tenant-handle.js';

const DEFAULT_STOP_MS = 25_000;
/** Of the time of a stop, the part kept for publishes once the consumers have ended. */
const PUBLISH_SHARE = 0.3;

/** A client: everything that is published and consumed through it stays inside one tenant's boundary. */
export class TenantKafka implements AsyncDisposable {
  readonly admin: Admin;
  readonly #parts: ClientParts;
  #stopping: Promise<StopReport> | undefined;

  /** @throws TenantryError `INVALID_OPTIONS`, which lists every wrong field */
  constructor(options: ClientOptions) {
    const compiled = compileOptions(options);
    this.#parts = composeParts(compiled);
    rememberParts(this, this.#parts);
    this.admin = makeAdmin(this.#parts, compiled, () => this.#assertRunning());
  }

  /** The ambient tenant, or undefined. */
  get currentTenant(): TenantId | undefined {
    return this.#parts.ambient.current;
  }

  /**
   * Connects now, finds the schemas of the contracts that `registrySerde` lists, makes the data keys that the option
   * `warmUp` of `envelopeEncryption` asks for, and fails now. Optional: the first publish connects too.
   *
   * @throws TenantryError `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`, `DRIVER_UNAVAILABLE`, `WORKER_THREAD`, `NOT_RUNNING`;
   * unless `onUnreachable` is `'degrade'` also `KEY_SERVICE_AWAY`, `KEY_NOT_CONFIGURED`, `DATA_KEY_INVALID`; and
   * `INVALID_TENANT_ID`, or what the function throws that names the tenants; with `registrySerde` also
   * `SCHEMA_REGISTRY_AWAY`, `SCHEMA_REGISTRY_DENIED`, `SCHEMA_NOT_REGISTERED`, `SCHEMA_REFUSED`, `SCHEMA_MISMATCH`,
   * `INVALID_CONTRACT`
   */
  async start(): Promise<void> {
    this.#assertRunning();
    await this.#parts.producer.connect();
    await this.#parts.serde.start?.();
    await this.#parts.cipher?.warmUp();
  }

  /**
   * A handle bound to one tenant.
   *
   * @throws TenantryError `INVALID_TENANT_ID`, or `UNKNOWN_TENANT` where tenants are configured
   */
  tenant(id: string): TenantScope {
    const tenantId = parseTenantId(id);
    assertKnownTenant(this.#parts.directory, tenantId);
    return new TenantHandle(tenantId, this.#parts, (group, options) => this.#consumer(tenantId, group, options));
  }

  /**
   * A consumer of every tenant, fairly, in the group `_shared.{group}`.
   *
   * @throws TenantryError `INVALID_OPTIONS`, `NOT_RUNNING`
   */
  worker(group: string, options: ConsumerOptions = {}): Worker {
    const identity = { groupId: sharedGroupId(parseGroupName(group)), scope: undefined };
    return new GroupWorker(identity, ...this.#consumerParts(identity.groupId, options));
  }

  /**
   * Publishes for the ambient tenant.
   *
   * @throws TenantryError `TENANT_CONTEXT_MISSING`, `TENANT_CONTEXT_EXPIRED`, and all of `Publisher.publish`
   */
  async publish<C extends AnyEventContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Receipt> {
    return this.#publisher(this.#parts.ambient.require()).publish(contract, data, options);
  }

  /** Publishes many events for the ambient tenant, see `Publisher.publishMany`. */
  async publishMany<C extends AnyEventContract>(
    contract: C,
    data: Iterable<InputOf<C>>,
    options?: PublishManyOptions<InputOf<C>>,
  ): Promise<Receipt[]> {
    return this.#publisher(this.#parts.ambient.require()).publishMany(contract, data, options);
  }

  /** Publishes a tombstone for the ambient tenant, see `Publisher.tombstone`. */
  async tombstone(contract: CompactedContract, aggregateId: string, options?: PublishOptions): Promise<Receipt> {
    return this.#publisher(this.#parts.ambient.require()).tombstone(contract, aggregateId, options);
  }

  /** Runs `work` with no tenant ambient: deliberate platform work inside a tenant's code. */
  withoutTenant<T>(work: () => T): T {
    return this.#parts.ambient.withoutTenant(work);
  }

  /**
   * Makes new data keys before the next record of each tenant is sealed. To be called after a machine was
   * restored from a snapshot: its twin has the same keys and counters, and would use the same nonces.
   */
  renewKeys(): void {
    this.#parts.cipher?.renewKeys();
  }

  /**
   * Stops workers and consumers, then lets publishes under way finish, and disconnects. Never rejects; calling
   * it again gives the same answer.
   *
   * @param options - `timeoutMs`: for everything together. Default 25,000
   */
  stop(options: { readonly timeoutMs?: number | undefined } = {}): Promise<StopReport> {
    this.#stopping ??= this.#parts.ambient.runInBackground(() => this.#stop(options.timeoutMs ?? DEFAULT_STOP_MS));
    return this.#stopping;
  }

  /** `stop()` with its defaults, at the end of `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(timeoutMs: number): Promise<StopReport> {
    const { clock, pipeline, cipher, running } = this.#parts;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const consumers = await running.stop(timeoutMs * (1 - PUBLISH_SHARE));
    const unsent = await pipeline.stop(Math.max(0, deadlineMs - clock.monotonicMs()));
    cipher?.close();
    return {
      timedOut: consumers.timedOut || unsent > 0,
      unfinished: consumers.unfinished + unsent,
      uncommitted: consumers.uncommitted,
    };
  }

  #consumer(tenantId: TenantId, group: string, options: ConsumerOptions = {}): TenantConsumer {
    const identity = { groupId: tenantGroupId(tenantId, parseGroupName(group)), scope: tenantId };
    return new GroupEventConsumer(identity, ...this.#consumerParts(identity.groupId, options)) as GroupEventConsumer &
      TenantConsumer;
  }

  #consumerParts(groupId: string, options: ConsumerOptions): [ConsumerParts, ResolvedConsumerOptions] {
    this.#assertRunning();
    const checked = checkOptions(`consumer ${groupId}`, consumerOptionsSchema, options);
    return [{ ...this.#parts, publisherOf: (tenantId: TenantId) => this.#publisher(tenantId) }, checked];
  }

  #publisher(tenantId: TenantId): Publisher & { readonly id: TenantId } {
    return new ScopedPublisher(tenantId, this.#parts);
  }

  #assertRunning(): void {
    if (this.#stopping !== undefined) throw tenantryError('NOT_RUNNING', 'the client is stopped; make a new one');
  }
}
