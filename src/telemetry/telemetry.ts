import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/error-codes.js';
import { isTenantryError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { AttributeName } from './attributes.js';
import { attempt, outcomeOf } from './attempt.js';
import {
  processMetricAttributes,
  publishMetricAttributes,
  spanAttributes,
  type ErrorType,
  type NamedAttributes,
  type ProcessFacts,
  type PublishFacts,
} from './facts.js';
import { LOG_EVENTS, type LogEventName, type LogFields } from './log-catalog.js';
import type { ResolvedTelemetryOptions } from './options.js';
import { otel } from './otel-api.js';
import { Sdk, type Instruments } from './sdk.js';
import { TenantLabels } from './tenant-labels.js';
import { extractTraceContext, injectTraceContext, type TraceHeader } from './trace-headers.js';

/** What telemetry stands on. */
export interface TelemetryParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: ResolvedTelemetryOptions;
}

/** How far behind a tenant is. */
export interface TenantLagFacts {
  readonly tenantId: string;
  readonly seconds: number;
  readonly records: number;
  readonly parked: boolean;
}

/** How a try of a handler ended. */
export type ProcessOutcome = 'handled' | ErrorCode;

/** An observed publish; opaque to who holds it. */
export interface PublishSpan {
  readonly facts: PublishFacts | undefined;
  /** undefined where the application traces nothing. */
  readonly span: Span | undefined;
  readonly startedMs: number;
}

/** An observed try of a handler; opaque to who holds it. */
export interface ProcessSpan extends PublishSpan {
  readonly facts: ProcessFacts | undefined;
  /** The context with the span active. */
  readonly context: Context | undefined;
}

/** Stands for every publish and every try where nobody observes. */
const UNOBSERVED: ProcessSpan = Object.freeze({ facts: undefined, span: undefined, context: undefined, startedMs: 0 });

/**
 * Everything the library lets others observe, as the table in `catalog.ts` lists it: spans and metrics
 * through the OpenTelemetry API, log events through the logger. Without an SDK it does next to nothing. None of
 * its methods throws, whatever the SDK, its processors or the logger do.
 */
export class Telemetry {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #linked: boolean;
  readonly #labels: TenantLabels;
  readonly #sdk = new Sdk();
  /** What was told of each group's tenants last: at most the listed ones, and `_other`. */
  readonly #lagging = new Map<string, ReadonlySet<string>>();

  constructor({ clock, logger, options }: TelemetryParts) {
    this.#clock = clock;
    this.#logger = logger;
    this.#linked = options.traceContext === 'link';
    this.#labels = new TenantLabels(options.metrics.tenants);
    otel(); // where it is missing, that is found out here and not at the first publish
  }

  /** Begins the observation of a publish, as a child of the span that is active now. */
  startPublish(facts: PublishFacts): PublishSpan {
    const { tracer, instruments } = this.#sdk;
    if (tracer === undefined && instruments === undefined) return UNOBSERVED;
    const span =
      tracer &&
      attempt(() =>
        tracer.startSpan(`send ${facts.topic}`, {
          kind: otel().SpanKind.PRODUCER,
          attributes: spanAttributes('send', facts),
        }),
      );
    return { facts, span, startedMs: this.#clock.monotonicMs() };
  }

  /** Adds `traceparent` and `tracestate` to a record's headers, where the span is recorded; never baggage. */
  inject({ span }: PublishSpan, headers: TraceHeader[]): void {
    if (span === undefined) return;
    attempt(() => {
      if (span.isRecording()) injectTraceContext(span, headers);
    });
  }

  /** Ends the observation of a publish: acknowledged, or failed with an error. Once for each `startPublish`. */
  endPublish({ facts, span, startedMs }: PublishSpan, error: Error | undefined): void {
    if (facts === undefined) return;
    const errorType = error === undefined ? undefined : isTenantryError(error) ? error.code : '_OTHER';
    endSpan(span, errorType);
    const { instruments } = this.#sdk;
    if (instruments === undefined) return;
    attempt(() => {
      const attributes = publishMetricAttributes(facts, errorType);
      instruments['messaging.client.operation.duration'].record(this.#secondsSince(startedMs), {
        ...attributes,
        'messaging.operation.type': 'send',
      });
      if (wasSent(errorType)) instruments['messaging.client.sent.messages'].add(1, attributes);
    });
    if (error === undefined) this.#countFor(facts.tenantId, 'tenantry.events.published');
  }

  /** Begins the observation of one try of a handler, in the trace that the record carries. */
  startProcess(facts: ProcessFacts): ProcessSpan {
    const { tracer, instruments } = this.#sdk;
    if (tracer === undefined && instruments === undefined) return UNOBSERVED;
    if (facts.attempt === 1 && instruments !== undefined) {
      attempt(() => {
        instruments['messaging.client.consumed.messages'].add(1, processMetricAttributes(facts, undefined));
      });
    }
    const startedMs = this.#clock.monotonicMs();
    const unseen = { facts, span: undefined, context: undefined, startedMs };
    if (tracer === undefined) return unseen;
    return attempt(() => this.#processSpan(tracer, facts, startedMs)) ?? unseen;
  }

  #processSpan(tracer: Tracer, facts: ProcessFacts, startedMs: number): ProcessSpan {
    const { ROOT_CONTEXT, SpanKind, trace } = otel();
    const remote = extractTraceContext(facts.headers);
    const remoteSpan = trace.getSpanContext(remote);
    const span = tracer.startSpan(
      `process ${facts.topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: spanAttributes('process', facts, {
          'messaging.destination.partition.id': String(facts.partition),
          'messaging.consumer.group.name': facts.groupId,
          'kafka.offset': facts.offset,
          'tenantry.attempt': facts.attempt,
        }),
        links: this.#linked && remoteSpan !== undefined ? [{ context: remoteSpan }] : [],
      },
      this.#linked ? ROOT_CONTEXT : remote,
    );
    return { facts, span, context: trace.setSpan(ROOT_CONTEXT, span), startedMs };
  }

  /** Runs `work` with the span active, so that what it does joins the trace. */
  runInSpan<T>({ context: active }: ProcessSpan, work: () => T): T {
    if (active === undefined) return work();
    const ran: { outcome?: () => T } = {};
    attempt(() => {
      otel().context.with(active, () => {
        ran.outcome = outcomeOf(work);
      });
    });
    return (ran.outcome ?? work)();
  }

  /** Ends the observation of one try. Once for each `startProcess`. */
  endProcess({ facts, span, startedMs }: ProcessSpan, outcome: ProcessOutcome): void {
    if (facts === undefined) return;
    const code = outcome === 'handled' ? undefined : outcome;
    endSpan(span, code);
    const { instruments } = this.#sdk;
    if (instruments === undefined) return;
    attempt(() => {
      instruments['messaging.process.duration'].record(
        this.#secondsSince(startedMs),
        processMetricAttributes(facts, code),
      );
    });
  }

  /** A publish failed because the tenant's rate is used up. */
  countRateLimited(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.rate_limited');
  }

  countHandled(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.handled');
  }

  countFailedAttempt(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.failed_attempts');
  }

  countDeadLettered(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.dead_lettered');
  }

  countQuarantined(tenantId: string, code: ErrorCode): void {
    this.#countFor(tenantId, 'tenantry.events.quarantined', { 'error.type': code });
  }

  countErased(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.erased');
  }

  countForeign(): void {
    const { instruments } = this.#sdk;
    if (instruments === undefined) return;
    attempt(() => {
      instruments['tenantry.events.foreign'].add(1);
    });
  }

  countSkipped(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.skipped');
  }

  countDuplicate(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.duplicates');
  }

  countUnmarked(tenantId: string): void {
    this.#countFor(tenantId, 'tenantry.events.unmarked');
  }

  /** Whether anybody measures. */
  get measures(): boolean {
    return this.#sdk.instruments !== undefined;
  }

  /** How far behind tenants are in one member of a group; those that were told before and are not in it have caught up. */
  measureLag(groupId: string, lags: readonly TenantLagFacts[]): void {
    const { instruments } = this.#sdk;
    if (instruments === undefined) return;
    const byLabel = new Map<string, { seconds: number; records: number }>();
    for (const label of this.#lagging.get(groupId) ?? []) byLabel.set(label, { seconds: 0, records: 0 });
    for (const { tenantId, seconds, records } of lags) {
      const label = this.#labels.of(tenantId);
      const sum = byLabel.get(label) ?? { seconds: 0, records: 0 };
      byLabel.set(label, { seconds: Math.max(sum.seconds, seconds), records: sum.records + records });
    }
    this.#lagging.set(groupId, new Set(byLabel.keys()));
    const group = { 'messaging.consumer.group.name': groupId };
    attempt(() => {
      for (const [label, { seconds, records }] of byLabel) {
        instruments['tenantry.tenant.lag'].record(seconds, { 'tenantry.tenant.id': label, ...group });
        instruments['tenantry.tenant.unfinished'].record(records, { 'tenantry.tenant.id': label, ...group });
      }
      instruments['tenantry.tenants.parked'].record(lags.filter(({ parked }) => parked).length, group);
    });
  }

  /** What the second reader of a group's member has read, and taken, since this was told last. */
  countCatchUp(groupId: string, read: number, taken: number): void {
    const { instruments } = this.#sdk;
    if (instruments === undefined || read === 0) return;
    attempt(() => {
      instruments['tenantry.catch_up.read'].add(read, { 'messaging.consumer.group.name': groupId });
      instruments['tenantry.catch_up.taken'].add(taken, { 'messaging.consumer.group.name': groupId });
    });
  }

  /** Logs an event of the table. */
  log<Event extends LogEventName>(event: Event, fields: LogFields<Event>): void {
    const { level, message } = LOG_EVENTS[event];
    attempt(() => {
      this.#logger[level]({ event, ...fields }, message);
    });
  }

  #countFor(tenantId: string, metric: TenantCounter, more?: NamedAttributes): void {
    const { instruments } = this.#sdk;
    if (instruments === undefined) return;
    attempt(() => {
      instruments[metric].add(1, { 'tenantry.tenant.id': this.#labels.of(tenantId), ...more });
    });
  }

  #secondsSince(startedMs: number): number {
    return (this.#clock.monotonicMs() - startedMs) / 1_000;
  }
}

type TenantCounter = Exclude<Extract<keyof Instruments, `tenantry.events.${string}`>, 'tenantry.events.foreign'>;

const FAILED_AT_THE_BROKER: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'PUBLISH_FAILED',
  'PUBLISH_REFUSED',
  'DELIVERY_UNKNOWN',
]);

/** Whether a publish that ended so was handed to the broker: the conventions count no others as sent. */
function wasSent(errorType: ErrorType | undefined): boolean {
  return errorType === undefined || FAILED_AT_THE_BROKER.has(errorType);
}

/** Only the code: a message may hold a tenant's data. */
function endSpan(span: Span | undefined, errorType: ErrorType | undefined): void {
  if (span === undefined) return;
  attempt(() => {
    if (errorType !== undefined) {
      span.setAttribute('error.type' satisfies AttributeName, errorType);
      span.setStatus({ code: otel().SpanStatusCode.ERROR });
    }
    span.end();
  });
}
