import type { ConsumedEvent } from '../api/consumed-event.js';
import type { EventHandler } from '../api/handler.js';
import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/error-codes.js';
import type { TenantId } from '../core/tenant-id.js';
import type { AmbientTenant } from '../tenant/ambient-tenant.js';
import type { ProcessOutcome, Telemetry } from '../telemetry/telemetry.js';
import type { CopySender } from './copy-sender.js';
import type { Counters } from './counters.js';
import { VIOLATIONS, type Delivery, type Payer } from './delivery.js';
import { handlerErrorName, openingFailure } from './failure.js';
import { DeliveryContext, type PublisherOf } from './handler-context.js';
import type { Route } from './handler-table.js';
import { verdictOf } from './handler-verdict.js';
import { openEvent, type OpenParts } from './open-event.js';
import { backoffMs, type RetryPolicy } from './retry-policy.js';
import type { GuardedRecord } from './tenant-guard.js';

/** What became of one run of a record. `stopped`: its partition went away; it stays unfinished. */
export type RunResult =
  { readonly kind: 'finished' } | { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'stopped' };

/** Options of handling. */
export interface RunnerOptions {
  readonly groupId: string;
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
}

/** What handling stands on. */
export interface RunnerParts extends OpenParts {
  readonly clock: Clock;
  readonly ambient: AmbientTenant;
  readonly telemetry: Telemetry;
  readonly copies: CopySender;
  readonly counters: Counters;
  readonly publisherOf: PublisherOf;
  /** Whether a tenant is known; undefined where that cannot be told now. */
  readonly knows: (tenantId: TenantId) => boolean | undefined;
  readonly deadLetterTopicOf: (logicalTopic: string) => string;
  readonly quarantineTopicOf: (logicalTopic: string) => string;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** A handler has not settled though its time and its grace are over. */
  readonly onOverdue: (delivery: Delivery) => void;
}

const FINISHED: RunResult = Object.freeze({ kind: 'finished' });
const STOPPED: RunResult = Object.freeze({ kind: 'stopped' });

/** After its signal fired, a handler has this long to settle before its slot is given to others. */
const GRACE_MS = 5_000;

/** How often a record is tried again that waits for something it does not answer for. */
const HOLD_RETRY_MS = 1_000;

interface OpeningFailed {
  readonly failure: unknown;
}

/** Runs one record: open → decode → validate → handler inside the tenant's context → outcome. */
export class RecordRunner {
  readonly #parts: RunnerParts;
  readonly #options: RunnerOptions;

  constructor(parts: RunnerParts, options: RunnerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Never rejects. */
  async run(delivery: Delivery): Promise<RunResult> {
    const { guarded, record, session } = delivery;
    if ('violation' in guarded) return this.#quarantine(delivery, guarded.violation);
    if (guarded.undecided) {
      const known = this.#parts.knows(guarded.tenantId);
      if (known === undefined) return this.#hold(delivery, 'UNKNOWN_TENANT');
      if (!known) return this.#quarantine(delivery, 'UNKNOWN_TENANT');
    }
    const route = this.#parts.handlers.find(guarded.eventType, session.logicalTopic);
    if (route === 'unknown-version') return this.#deadLetter(delivery, 'UNKNOWN_EVENT_VERSION', undefined);
    if (route === 'unknown-type') return this.#deadLetter(delivery, 'UNKNOWN_EVENT_TYPE', undefined);
    const opened = this.#open(delivery, guarded, route);
    const event = opened instanceof Promise ? await opened : opened;
    if (session.state !== 'active') return STOPPED; // it went away while the key service was asked
    if ('failure' in event) return this.#afterOpeningFailure(delivery, event.failure);
    delivery.attempts += 1;
    const span = this.#parts.telemetry.startProcess({
      tenantId: guarded.tenantId,
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      eventType: guarded.eventType,
      eventId: guarded.eventId,
      groupId: this.#options.groupId,
      attempt: delivery.attempts,
      headers: record.headers,
    });
    let outcome: ProcessOutcome = 'handled';
    try {
      await this.#handle(delivery, guarded, route.handler, event, (work) =>
        this.#parts.telemetry.runInSpan(span, work),
      );
      this.#parts.counters.handled(guarded.tenantId);
      return FINISHED;
    } catch (error) {
      outcome = error === TIMED_OUT ? 'HANDLER_TIMEOUT' : 'HANDLER_FAILED';
      return await this.#afterFailure(delivery, error);
    } finally {
      this.#parts.telemetry.endProcess(span, outcome);
    }
  }

  #open(
    delivery: Delivery,
    guarded: GuardedRecord,
    route: Route,
  ): ConsumedEvent | OpeningFailed | Promise<ConsumedEvent | OpeningFailed> {
    try {
      const event = openEvent(delivery, guarded, route, this.#parts);
      return event instanceof Promise ? event.catch((failure: unknown) => ({ failure })) : event;
    } catch (failure) {
      return { failure };
    }
  }

  #afterOpeningFailure(delivery: Delivery, error: unknown): RunResult | Promise<RunResult> {
    const { kind, code } = openingFailure(error);
    if (kind === 'quarantine') return this.#quarantine(delivery, code);
    if (kind === 'dead-letter') return this.#deadLetter(delivery, code, undefined);
    return this.#hold(delivery, code);
  }

  #hold(delivery: Delivery, code: ErrorCode): RunResult {
    this.#parts.telemetry.log('recordHeld', { ...placeOf(delivery), code });
    return { kind: 'again', afterMs: HOLD_RETRY_MS };
  }

  async #handle(
    delivery: Delivery,
    guarded: GuardedRecord,
    handler: EventHandler,
    event: ConsumedEvent,
    inSpan: (work: () => unknown) => unknown,
  ): Promise<void> {
    const { clock, ambient, publisherOf, onOverdue } = this.#parts;
    const context = new DeliveryContext(delivery, guarded.tenantId, publisherOf);
    const { running } = delivery.session;
    running.add(context);
    let graceTimer: { cancel(): void } | undefined;
    const timer = clock.setTimer(this.#options.handlerTimeoutMs, () => {
      context.timedOut = true;
      context.abort();
      graceTimer = clock.setTimer(GRACE_MS, () => {
        onOverdue(delivery);
      });
    });
    try {
      await ambient.runHandler(guarded.tenantId, () => inSpan(() => handler(event, context)));
    } catch (error) {
      throw context.timedOut ? TIMED_OUT : error;
    } finally {
      timer.cancel();
      graceTimer?.cancel();
      running.delete(context);
    }
  }

  async #afterFailure(delivery: Delivery, error: unknown): Promise<RunResult> {
    const { counters, telemetry, random } = this.#parts;
    if (delivery.session.aborted) return STOPPED;
    counters.failedAttempt(delivery.payer);
    const verdict = verdictOf(error);
    if (verdict?.kind === 'dead-letter') return this.#deadLetter(delivery, 'DEAD_LETTERED', verdict.reason);
    const code: ErrorCode = error === TIMED_OUT ? 'HANDLER_TIMEOUT' : 'HANDLER_FAILED';
    const name = error === TIMED_OUT ? undefined : handlerErrorName(error);
    telemetry.log('handlerFailed', { ...placeOf(delivery), code, error: name, attempt: delivery.attempts });
    if (delivery.attempts >= this.#options.retry.attempts) return this.#deadLetter(delivery, code, name);
    const afterMs =
      verdict?.kind === 'retry' ? verdict.afterMs : backoffMs(this.#options.retry, delivery.attempts, random());
    return { kind: 'again', afterMs };
  }

  async #deadLetter(delivery: Delivery, code: ErrorCode, detail: string | undefined): Promise<RunResult> {
    const target = this.#parts.deadLetterTopicOf(delivery.session.logicalTopic);
    if (!(await this.#copy(delivery, target, code, detail, delivery.payer))) return STOPPED;
    this.#parts.counters.deadLettered(delivery.payer);
    this.#parts.telemetry.log('deadLettered', { ...placeOf(delivery), code, attempts: delivery.attempts });
    return FINISHED;
  }

  async #quarantine(delivery: Delivery, code: ErrorCode): Promise<RunResult> {
    const target = this.#parts.quarantineTopicOf(delivery.session.logicalTopic);
    // Nobody pays for it: a forger would use up the rate of the tenant that the forgery names.
    if (!(await this.#copy(delivery, target, code, undefined, VIOLATIONS))) return STOPPED;
    this.#parts.counters.quarantined(delivery.payer, code);
    this.#parts.telemetry.log('quarantined', { ...placeOf(delivery), code });
    return FINISHED;
  }

  async #copy(
    delivery: Delivery,
    target: string,
    code: ErrorCode,
    detail: string | undefined,
    payer: Payer,
  ): Promise<boolean> {
    const { session, record, attempts } = delivery;
    const controller = new AbortController();
    const abortable = {
      abort: (): void => {
        controller.abort();
      },
    };
    session.running.add(abortable);
    try {
      const reason = { code, detail, groupId: this.#options.groupId, attempts };
      return await this.#parts.copies.copy(record, target, reason, payer, controller.signal);
    } finally {
      session.running.delete(abortable);
    }
  }
}

/** Stands for whatever a handler threw after its time was over. */
const TIMED_OUT = new Error('the handler did not settle in time');

function placeOf(delivery: Delivery): { topic: string; partition: number; offset: number; tenant: string } {
  const { topic, partition, offset } = delivery.record;
  return { topic, partition, offset, tenant: delivery.payer };
}
