import type { ConsumerCounts, ConsumerHealth, EventConsumer, StopReport } from '../api/consumer.js';
import type { EventHandler, HandlerOptions } from '../api/handler.js';
import { isEventContract, type AnyEventContract } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { KeyAlarm } from '../encryption/key-alarm.js';
import { controlTopic, deadLetterTopic, quarantineTopic } from '../routing/naming.js';
import { composeEngine } from './compose-engine.js';
import type { ConsumerEngine } from './consumer-engine.js';
import type { ResolvedConsumerOptions } from './consumer-options.js';
import type { ConsumerIdentity, ConsumerParts } from './consumer-parts.js';
import { Counters } from './handling/counters.js';
import { handlerPolicy } from './handling/handler-policy.js';
import { HandlerTable } from './handling/handler-table.js';
import { withKeyAlarms } from './health.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';
import { within } from '../core/within.js';

type State = 'new' | 'starting' | 'running' | 'stopped';

const DEFAULT_STOP_MS = 25_000;
const NOTHING_TO_STOP: StopReport = Object.freeze({ timedOut: false, unfinished: 0, uncommitted: 0 });

/** A consumer or worker: registers handlers, then runs an engine for them. */
export class GroupEventConsumer implements EventConsumer {
  readonly groupId: string;
  /** The one tenant it serves; undefined for a worker. */
  readonly tenantId: TenantId | undefined;
  readonly #identity: ConsumerIdentity;
  readonly #parts: ConsumerParts;
  readonly #options: ResolvedConsumerOptions;
  readonly #handlers: HandlerTable;
  readonly #counters: Counters;
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #engine: ConsumerEngine | undefined;
  #stopping: Promise<StopReport> | undefined;

  constructor(identity: ConsumerIdentity, parts: ConsumerParts, options: ResolvedConsumerOptions) {
    this.#identity = identity;
    this.groupId = identity.groupId;
    this.tenantId = identity.scope;
    this.#parts = parts;
    this.#options = options;
    this.#handlers = new HandlerTable(options.acceptUnprotected);
    this.#counters = new Counters(parts.telemetry);
  }

  /** The event types that it handles, with their versions. */
  get eventTypes(): readonly string[] {
    return this.#handlers.eventTypes;
  }

  on<const C extends AnyEventContract>(
    contracts: C | readonly C[],
    handler: EventHandler<C>,
    options: HandlerOptions = {},
  ): this {
    if (this.#state !== 'new')
      throw tenantryError('INVALID_STATE', `consumer ${this.groupId}: handlers are registered before start`);
    if (typeof handler !== 'function')
      throw tenantryError('INVALID_CONTRACT', `consumer ${this.groupId}: the handler must be a function`);
    const list: readonly AnyEventContract[] = isEventContract(contracts) ? [contracts] : contracts;
    const given: unknown = list;
    if (!Array.isArray(given) || given.length === 0 || !given.every(isEventContract))
      throw tenantryError('INVALID_CONTRACT', `consumer ${this.groupId}: on takes a contract, or an array of them`);
    const what = `consumer ${this.groupId}: handler of ${list.map(({ eventType }) => eventType).join(', ')}`;
    const { retry, handlerTimeoutMs: timeoutMs } = this.#options;
    const policy = handlerPolicy(what, options, { retry, timeoutMs });
    for (const contract of list) this.#handlers.add(contract, handler, policy);
    return this;
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined)
      throw tenantryError('NOT_RUNNING', `consumer ${this.groupId} was stopped; make a new one`);
    if (this.tenantId !== undefined) this.#parts.ambient.assertMayActFor(this.tenantId);
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#undoStart();
      throw error;
    });
    await this.#starting;
  }

  stop(options: { readonly timeoutMs?: number | undefined } = {}): Promise<StopReport> {
    this.#stopping ??= this.#parts.ambient.runInBackground(() => this.#stop(options.timeoutMs ?? DEFAULT_STOP_MS));
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async caughtUp(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#engine === undefined) throw tenantryError('INVALID_STATE', `consumer ${this.groupId} is not started`);
    await this.#engine.caughtUp(options.signal);
  }

  /** The engine, once it has started. */
  protected get engine(): ConsumerEngine | undefined {
    return this.#engine;
  }

  /** The tenant that the caller runs for. */
  protected get ambient(): AmbientTenant {
    return this.#parts.ambient;
  }

  protected get isRunning(): boolean {
    return this.#state === 'running';
  }

  counts(): ConsumerCounts {
    return this.#counters.snapshot();
  }

  health(): ConsumerHealth {
    if (this.#engine !== undefined && this.#state === 'running')
      return withKeyAlarms(this.#engine.health(), this.#keyAlarms());
    return { status: 'degraded', reasons: [`the consumer is ${this.#state}`] };
  }

  #keyAlarms(): readonly KeyAlarm[] {
    if (this.#handlers.aProtectedType === undefined) return [];
    const alarms = this.#parts.cipher?.keyAlarms() ?? [];
    return this.tenantId === undefined ? alarms : alarms.filter(({ tenantId }) => tenantId === this.tenantId);
  }

  async #start(): Promise<void> {
    const topics = this.#handlers.topics;
    if (topics.length === 0) {
      throw tenantryError(
        'INVALID_STATE',
        `consumer ${this.groupId} has no handlers: call on(contract, handler) first`,
      );
    }
    this.#assertCanOpen();
    this.#parts.running.add(this);
    this.#state = 'starting';
    await this.#parts.producer.connect();
    await this.#checkTopics(topics);
    this.#assertNotStopped();
    const engine = this.#parts.ambient.runInBackground(() =>
      composeEngine(this.#identity, this.#parts, this.#options, this.#handlers, this.#counters),
    );
    await this.#parts.ambient.runInBackground(() => engine.start());
    // A stop that could not wait for this has left it to end what it began.
    if (this.#wasStopped()) await engine.stop(0);
    this.#assertNotStopped();
    this.#engine = engine;
    this.#state = 'running';
  }

  #wasStopped(): boolean {
    return this.#state === 'stopped';
  }

  #assertNotStopped(): void {
    if (this.#wasStopped()) throw tenantryError('NOT_RUNNING', `consumer ${this.groupId} was stopped while it started`);
  }

  /** After it a start may be tried again. */
  #undoStart(): void {
    this.#state = 'new';
    this.#starting = undefined;
    this.#parts.running.delete(this);
  }

  /** Without keys every protected record would go to quarantine: a mistake, not a flood of forgeries. */
  #assertCanOpen(): void {
    const eventType = this.#handlers.aProtectedType;
    if (eventType === undefined || this.#parts.cipher !== undefined) return;
    throw tenantryError(
      'KEY_NOT_CONFIGURED',
      `consumer ${this.groupId} handles ${eventType}, which is protected, and the client has no encryption option`,
    );
  }

  async #stop(timeoutMs: number): Promise<StopReport> {
    const { clock, running } = this.#parts;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    // Where it runs, nothing is awaited before the engine is told: from the call on no handler starts.
    const starting = this.#state === 'running' ? undefined : this.#starting;
    const hasStarted = starting === undefined || (await within(clock, timeoutMs, starting));
    this.#state = 'stopped';
    const leftMs = Math.max(0, deadlineMs - clock.monotonicMs());
    const report = (await this.#engine?.stop(leftMs)) ?? { ...NOTHING_TO_STOP, timedOut: !hasStarted };
    // What still runs is told of again when the client stops.
    if (!report.timedOut) running.delete(this);
    return report;
  }

  /** The option of `admin.createTopics` that names this group. */
  get #groupOption(): string {
    const name = JSON.stringify(this.groupId.slice(this.groupId.indexOf('.') + 1));
    return this.tenantId === undefined
      ? `groups: [${name}]`
      : `tenantGroups: { ${JSON.stringify(this.tenantId)}: [${name}] }`;
  }

  /** A consumer whose copies could not be written would have to stop at the first bad record, so it does not begin. */
  async #checkTopics(topics: readonly string[]): Promise<void> {
    const copies = topics.flatMap((topic) => [topic, deadLetterTopic(this.groupId, topic), quarantineTopic(topic)]);
    const needed = this.tenantId === undefined ? [...copies, controlTopic(this.groupId)] : copies;
    const admin = this.#parts.transport.createAdmin();
    try {
      await admin.connect();
      const existing = await admin.describeTopics(needed, 10_000);
      const missing = needed.filter((topic) => !existing.has(topic));
      if (missing.length === 0) return;
      throw tenantryError(
        'TOPIC_NOT_FOUND',
        `consumer ${this.groupId} needs topics that do not exist: ${missing.join(', ')}; admin.createTopics makes them with ${this.#groupOption}`,
        { topics: missing },
      );
    } finally {
      await admin.disconnect();
    }
  }
}
