import type { ConsumedEvent } from '../../api/consumed-event.js';
import type { Clock, Timer } from '../../core/clock.js';
import type { ErrorCode } from '../../core/error-codes.js';
import { describeForeignError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import type { AmbientTenant } from '../../tenant/ambient-tenant.js';
import type { ProcessSpan, Telemetry } from '../../telemetry/telemetry.js';
import type { CopySender } from './copy-sender.js';
import type { Counters } from './counters.js';
import { Deadlines, type Timed } from './deadlines.js';
import { dedupeKey, type Dedupe } from './dedupe.js';
import { VIOLATIONS, type Delivery, type PendingCopy } from './delivery.js';
import type { ErasureNotice } from './erasure-notice.js';
import { openingFailure } from './failure.js';
import { DeliveryContext, type PublisherOf } from './handler-context.js';
import type { Route } from './handler-table.js';
import { verdictOf } from './handler-verdict.js';
import { openEvent, sealedIdentity, type OpenParts } from './open-event.js';
import { backoffMs, isWorthRetrying, type RetryPolicy } from './retry-policy.js';
import type { GuardedRecord } from './tenant-guard.js';

/** What became of one run of a record. `stopped`: its partition went away; it stays unfinished. */
export type RunResult =
  { readonly kind: 'finished' } | { readonly kind: 'again'; readonly afterMs: number } | { readonly kind: 'stopped' };

/** What handling stands on. */
export interface RunnerParts extends OpenParts {
  readonly groupId: string;
  readonly clock: Clock;
  readonly ambient: AmbientTenant;
  readonly telemetry: Telemetry;
  readonly copies: CopySender;
  readonly counters: Counters;
  /** Where redelivered events are passed over. */
  readonly dedupe: Dedupe | undefined;
  /** Who is told of erased records. */
  readonly erasureNotice: ErasureNotice | undefined;
  readonly publisherOf: PublisherOf;
  /** Whether a tenant is known; undefined where that cannot be told now. */
  readonly knows: (tenantId: TenantId) => boolean | undefined;
  readonly deadLetterTopicOf: (logicalTopic: string) => string;
  readonly quarantineTopicOf: (logicalTopic: string) => string;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Whether a handler may still start: its tenant may have been paused while a key or a store was asked for. */
  readonly mayHandle: (delivery: Delivery) => boolean;
  /** A handler has not settled though its time and its grace are over. */
  readonly onOverdue: (delivery: Delivery) => void;
}

const FINISHED: RunResult = Object.freeze({ kind: 'finished' });
const STOPPED: RunResult = Object.freeze({ kind: 'stopped' });
const LATER: RunResult = Object.freeze({ kind: 'again', afterMs: 100 });

/** After its signal fired, a handler has this long to settle before its slot is given to others. */
const GRACE_MS = 5_000;

/** How often a record is tried again that waits for something it does not answer for. */
const HOLD_RETRY_MS = 1_000;

interface OpeningFailed {
  readonly failure: unknown;
}

/** A try of a handler, while it runs. */
interface Attempt extends Timed<Attempt> {
  readonly delivery: Delivery;
  readonly context: DeliveryContext;
  readonly retry: RetryPolicy;
  readonly deadlines: Deadlines<Attempt>;
  readonly span: ProcessSpan;
  /** Set once the handler's time is over. */
  grace: Timer | undefined;
}

/** Runs one record: open → decode → validate → handler inside the tenant's context → outcome. */
export class RecordRunner {
  readonly #parts: RunnerParts;
  /** By the time that handlers have: each handler may have its own. */
  readonly #deadlines = new Map<number, Deadlines<Attempt>>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Never rejects. No function on the way of a record that is handled is async: each would cost a promise. */
  run(delivery: Delivery): Promise<RunResult> {
    const { guarded, session } = delivery;
    delivery.heldFor = undefined;
    if (delivery.copy !== undefined) return this.#copy(delivery, delivery.copy);
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
    if (opened instanceof Promise) return opened.then((event) => this.#afterOpening(delivery, guarded, route, event));
    return this.#afterOpening(delivery, guarded, route, opened);
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

  #afterOpening(
    delivery: Delivery,
    guarded: GuardedRecord,
    route: Route,
    event: ConsumedEvent | OpeningFailed,
  ): Promise<RunResult> {
    if (delivery.session.state !== 'active') return Promise.resolve(STOPPED); // it went away while the key service was asked
    if (!this.#parts.mayHandle(delivery)) return Promise.resolve(LATER);
    if ('failure' in event) return this.#afterOpeningFailure(delivery, guarded, event.failure);
    if (this.#parts.dedupe !== undefined) return this.#handleOnce(delivery, guarded, route, event, this.#parts.dedupe);
    return this.#handle(delivery, guarded, route, event, undefined);
  }

  /** Only an opened event is asked for and marked: whoever may write records could else mark another's as handled. */
  async #handleOnce(
    delivery: Delivery,
    guarded: GuardedRecord,
    route: Route,
    event: ConsumedEvent,
    dedupe: Dedupe,
  ): Promise<RunResult> {
    const { groupId } = this.#parts;
    const key = dedupeKey({ groupId, ...sealedIdentity(delivery, guarded, route) });
    let isHandled: boolean;
    try {
      isHandled = !isReplay(delivery) && (await dedupe.has(key));
    } catch (error) {
      // Handling it now might be the second time, passing it over might lose it.
      this.#dedupeFailed(delivery, 'has', error);
      return { kind: 'again', afterMs: HOLD_RETRY_MS };
    }
    if (delivery.session.state !== 'active') return STOPPED; // it went away while the store was asked
    if (!this.#parts.mayHandle(delivery)) return LATER;
    if (!isHandled) return this.#handle(delivery, guarded, route, event, () => this.#remember(delivery, key, dedupe));
    this.#parts.counters.duplicate(delivery.payer);
    return FINISHED;
  }

  /** The event is done whatever the store says: the handler has returned. Whoever drains waits for it. */
  async #remember(delivery: Delivery, key: string, dedupe: Dedupe): Promise<RunResult> {
    try {
      await whileRunning(delivery.session, () => dedupe.mark(key));
    } catch (error) {
      this.#dedupeFailed(delivery, 'mark', error);
      this.#parts.counters.unmarked(delivery.payer);
    }
    return FINISHED;
  }

  #dedupeFailed(delivery: Delivery, operation: 'has' | 'mark', error: unknown): void {
    this.#parts.telemetry.log('dedupeFailed', { ...placeOf(delivery), operation, error: describeForeignError(error) });
  }

  #afterOpeningFailure(delivery: Delivery, guarded: GuardedRecord, error: unknown): Promise<RunResult> {
    const { kind, code } = openingFailure(error);
    if (kind === 'erased') return this.#passErased(delivery, guarded);
    if (kind === 'quarantine') return this.#quarantine(delivery, code);
    if (kind === 'dead-letter') return this.#deadLetter(delivery, code, undefined);
    return this.#hold(delivery, code);
  }

  /** The application is told first: a crash in between tells it twice, never not at all. */
  async #passErased(delivery: Delivery, { tenantId, eventType }: GuardedRecord): Promise<RunResult> {
    const { counters, telemetry, erasureNotice } = this.#parts;
    const { topic, partition, offset, timestampMs } = delivery.record;
    try {
      await erasureNotice?.tell({
        tenantId,
        topic,
        partition,
        offset,
        eventType,
        timestamp: new Date(timestampMs),
      });
    } catch (error) {
      telemetry.log('erasureNoticeFailed', { ...placeOf(delivery), error: describeForeignError(error) });
      return { kind: 'again', afterMs: HOLD_RETRY_MS };
    }
    if (delivery.session.state !== 'active') return STOPPED; // it went away while the application was told
    counters.erased(delivery.payer);
    telemetry.log('erased', placeOf(delivery));
    return FINISHED;
  }

  #hold(delivery: Delivery, code: ErrorCode): Promise<RunResult> {
    this.#parts.telemetry.log('recordHeld', { ...placeOf(delivery), code });
    delivery.heldFor = code;
    return Promise.resolve({ kind: 'again', afterMs: HOLD_RETRY_MS });
  }

  #handle(
    delivery: Delivery,
    guarded: GuardedRecord,
    route: Route,
    event: ConsumedEvent,
    remember: (() => Promise<RunResult>) | undefined,
  ): Promise<RunResult> {
    const { ambient, publisherOf, telemetry, counters } = this.#parts;
    const { tenantId } = guarded;
    delivery.attempts += 1;
    const span = this.#startSpan(delivery, guarded);
    const context = new DeliveryContext(delivery, tenantId, publisherOf);
    const { retry, timeoutMs } = route.policy;
    const deadlines = this.#deadlinesOf(timeoutMs);
    const attempt: Attempt = {
      delivery,
      context,
      retry,
      deadlines,
      span,
      grace: undefined,
      deadlineMs: undefined,
      earlier: undefined,
      later: undefined,
    };
    const failed = (error: unknown): RunResult | Promise<RunResult> => {
      this.#end(attempt);
      return this.#afterFailure(attempt, attempt.grace === undefined ? error : TIMED_OUT);
    };
    delivery.session.running.add(context);
    deadlines.begin(attempt);
    return ambient.runHandler<unknown, RunResult>(
      tenantId,
      () => telemetry.runInSpan(span, () => route.handler(event, context)),
      (answer) => {
        // Made and not thrown, but returned: it cannot have been meant for nothing.
        if (verdictOf(answer) !== undefined) return failed(answer);
        this.#end(attempt);
        counters.handled(tenantId);
        telemetry.endProcess(span, 'handled');
        return remember === undefined ? FINISHED : remember();
      },
      failed,
    );
  }

  #deadlinesOf(timeoutMs: number): Deadlines<Attempt> {
    let deadlines = this.#deadlines.get(timeoutMs);
    if (deadlines === undefined) {
      const { clock, onOverdue } = this.#parts;
      deadlines = new Deadlines<Attempt>(clock, timeoutMs, (attempt) => {
        attempt.context.abort();
        attempt.grace = clock.setTimer(GRACE_MS, () => {
          onOverdue(attempt.delivery);
        });
      });
      this.#deadlines.set(timeoutMs, deadlines);
    }
    return deadlines;
  }

  #startSpan({ record, attempts }: Delivery, { tenantId, eventType, eventId }: GuardedRecord): ProcessSpan {
    const { topic, partition, offset, headers } = record;
    const { groupId } = this.#parts;
    const facts = { tenantId, topic, partition, offset, eventType, eventId, groupId, attempt: attempts, headers };
    return this.#parts.telemetry.startProcess(facts);
  }

  #end(attempt: Attempt): void {
    attempt.deadlines.end(attempt);
    attempt.grace?.cancel();
    attempt.delivery.session.running.delete(attempt.context);
  }

  async #afterFailure(attempt: Attempt, error: unknown): Promise<RunResult> {
    const code: ErrorCode = error === TIMED_OUT ? 'HANDLER_TIMEOUT' : 'HANDLER_FAILED';
    try {
      return await this.#outcomeOfFailure(attempt, error, code);
    } finally {
      this.#parts.telemetry.endProcess(attempt.span, code);
    }
  }

  async #outcomeOfFailure({ delivery, retry }: Attempt, error: unknown, code: ErrorCode): Promise<RunResult> {
    const { counters, telemetry, random } = this.#parts;
    if (delivery.session.aborted) return STOPPED;
    counters.failedAttempt(delivery.payer);
    const verdict = verdictOf(error);
    if (verdict?.kind === 'dead-letter') return this.#deadLetter(delivery, 'DEAD_LETTERED', verdict.reason);
    const asked = verdict?.kind === 'retry' ? 'retryAfter' : undefined;
    const name = error === TIMED_OUT ? undefined : (asked ?? describeForeignError(error));
    telemetry.log('handlerFailed', { ...placeOf(delivery), code, error: name, attempt: delivery.attempts });
    if (delivery.attempts >= retry.attempts) return this.#deadLetter(delivery, code, name);
    if (verdict?.kind === 'retry') return { kind: 'again', afterMs: verdict.afterMs };
    // That a handler was too slow says nothing about its event.
    if (error !== TIMED_OUT && !this.#isWorthRetrying(delivery, retry, error))
      return this.#deadLetter(delivery, code, name);
    return { kind: 'again', afterMs: backoffMs(retry, delivery.attempts, random()) };
  }

  #isWorthRetrying(delivery: Delivery, retry: RetryPolicy, error: unknown): boolean {
    return isWorthRetrying(retry, error, (failure) => {
      this.#parts.telemetry.log('predicateFailed', { ...placeOf(delivery), error: describeForeignError(failure) });
    });
  }

  #deadLetter(delivery: Delivery, code: ErrorCode, detail: string | undefined): Promise<RunResult> {
    return this.#copy(delivery, { kind: 'dead-letter', code, detail, failed: false, refusals: 0 });
  }

  #quarantine(delivery: Delivery, code: ErrorCode): Promise<RunResult> {
    return this.#copy(delivery, { kind: 'quarantine', code, detail: undefined, failed: false, refusals: 0 });
  }

  /** A copy that the broker does not take now is tried again later, and its slot is others' meanwhile. */
  async #copy(delivery: Delivery, copy: PendingCopy): Promise<RunResult> {
    const { copies, counters, telemetry, deadLetterTopicOf, quarantineTopicOf } = this.#parts;
    const { record, origin, session, attempts, payer } = delivery;
    const { kind, code, detail } = copy;
    delivery.copy = copy;
    const targetOf = kind === 'dead-letter' ? deadLetterTopicOf : quarantineTopicOf;
    const reason = {
      code,
      detail,
      groupId: this.#parts.groupId,
      attempts: attempts + (origin?.attempts ?? 0),
      replay: isReplay(delivery),
    };
    // Nobody pays for what no seal was asked of: a forger would use up the rate of the tenant that the forgery names.
    const costs = kind === 'dead-letter' && !UNOPENED.has(code) ? payer : VIOLATIONS;
    const failure = await whileRunning(session, () =>
      copies.copy({ ...record, ...origin }, targetOf(session.logicalTopic), reason, costs, copy.refusals),
    );
    if (failure !== undefined) {
      copy.failed = true;
      if (failure.kind === 'invalid') copy.refusals += 1;
      return { kind: 'again', afterMs: HOLD_RETRY_MS };
    }
    if (kind === 'dead-letter') {
      counters.deadLettered(payer);
      telemetry.log('deadLettered', { ...placeOf(delivery), code, attempts });
    } else {
      counters.quarantined(payer, code);
      telemetry.log('quarantined', { ...placeOf(delivery), code });
    }
    return FINISHED;
  }
}

/** Does what a drain waits for, though no handler runs, and cannot cut short. */
async function whileRunning<T>({ running }: PartitionSession, work: () => Promise<T>): Promise<T> {
  const run = { abort: (): void => undefined };
  running.add(run);
  try {
    return await work();
  } finally {
    running.delete(run);
  }
}

/** Why records are dead-lettered before they are opened. */
const UNOPENED: ReadonlySet<ErrorCode> = new Set(['UNKNOWN_EVENT_VERSION', 'UNKNOWN_EVENT_TYPE']);

/** Whether it is handled again on purpose, also where that has failed before: it may be marked from an earlier time. */
function isReplay({ replay, origin }: Delivery): boolean {
  return replay || origin?.replay === true;
}

/** Stands for whatever a handler threw after its time was over. */
const TIMED_OUT = new Error('the handler did not settle in time');

function placeOf(delivery: Delivery): { topic: string; partition: number; offset: number; tenant: string } {
  const { topic, partition, offset } = delivery.record;
  return { topic, partition, offset, tenant: delivery.payer };
}
