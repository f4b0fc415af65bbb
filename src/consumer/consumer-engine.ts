import type { ConsumerHealth, StopReport } from '../api/consumer.js';
import { delay, type Clock, type Timer } from '../core/clock.js';
import { describeForeignError, tenantryError } from '../core/errors.js';
import type { ReceivedRecord } from '../record/wire-record.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { ConsumerFault, GroupConsumer } from '../transport/port.js';
import { ChunkSize } from './chunk-size.js';
import { Committer } from './committer.js';
import type { CopySender } from './copy-sender.js';
import type { Counters } from './counters.js';
import { heldBytes, laneOf, VIOLATIONS, type Delivery } from './delivery.js';
import { FairScheduler, type SchedulerLimits } from './fair-scheduler.js';
import { GroupMembership } from './group-membership.js';
import type { HandlerTable } from './handler-table.js';
import { consumerHealth } from './health.js';
import { IntakeBudget } from './intake-budget.js';
import type { PartitionSession } from './partition-session.js';
import { PositionWatch } from './position-watch.js';
import { ReadingPauses } from './reading-pauses.js';
import type { RecordRunner, RunResult } from './record-runner.js';
import type { Loss } from './start-position.js';
import type { TenantGuard } from './tenant-guard.js';

/** Bounds and intervals of an engine. */
export interface EngineOptions extends SchedulerLimits {
  readonly maxBufferedRecords: number;
  readonly maxBufferedBytes: number;
  readonly commitIntervalMs: number;
  readonly startFrom: 'earliest' | 'latest';
  readonly otherTypes: 'skip' | 'dead-letter';
  /** How long a revocation waits for running handlers. */
  readonly revokeDrainMs: number;
  /** No handler starts when the last poll is older than this: the partitions may be another's by then. */
  readonly maxPollIntervalMs: number;
}

/** What an engine stands on. */
export interface EngineParts {
  readonly clock: Clock;
  readonly consumer: GroupConsumer;
  readonly guard: TenantGuard;
  readonly handlers: HandlerTable;
  readonly copies: CopySender;
  readonly counters: Counters;
  readonly telemetry: Telemetry;
  readonly logicalTopicOf: (topic: string) => string;
  /** Makes the runner; the engine tells it what to do with handlers that do not settle. */
  readonly runner: (onOverdue: (delivery: Delivery) => void) => RecordRunner;
}

const IDLE_POLL_MS = 100;
/** Polling may rest this long while the budget is full, before reading is paused and polling goes on. */
const FULL_BEFORE_PAUSE_MS = 300;
const PAUSED_POLL_MS = 100;
const CAUGHT_UP_POLL_MS = 20;

/** Reads, guards, schedules, runs and commits the records of the partitions that are assigned to it. */
export class ConsumerEngine {
  readonly #parts: EngineParts;
  readonly #options: EngineOptions;
  readonly #scheduler: FairScheduler;
  readonly #budget: IntakeBudget;
  readonly #membership: GroupMembership;
  readonly #committer: Committer;
  readonly #pauses: ReadingPauses;
  readonly #positions: PositionWatch;
  readonly #runner: RecordRunner;
  readonly #chunk = new ChunkSize();
  /** Handlers that have not settled though their time is over. */
  readonly #overdue = new Set<Delivery>();
  readonly #held = new Map<Delivery, Timer>();
  #fault: ConsumerFault | undefined;
  #lastPollMs = 0;
  #running = false;
  #stopping = false;
  #wake: (() => void) | undefined;
  #reading: Promise<void> | undefined;

  constructor(parts: EngineParts, options: EngineOptions) {
    const { clock, consumer, telemetry } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#scheduler = new FairScheduler(options);
    this.#budget = new IntakeBudget(options.maxBufferedRecords, options.maxBufferedBytes);
    this.#membership = new GroupMembership({
      clock,
      consumer,
      telemetry,
      committer: () => this.#committer,
      startFrom: options.startFrom,
      logicalTopicOf: parts.logicalTopicOf,
      drainMs: options.revokeDrainMs,
      onLoss: (loss) => {
        this.#reportLoss(loss);
      },
      dropQueued: (sessions) => {
        this.#dropQueued(sessions);
      },
      onChanged: () => this.#wake?.(),
    });
    this.#committer = new Committer(
      clock,
      consumer,
      telemetry,
      options.commitIntervalMs,
      () => this.#membership.sessions,
    );
    this.#pauses = new ReadingPauses(consumer);
    this.#positions = new PositionWatch(clock, consumer, {
      sessions: () => this.#membership.sessions,
      onLoss: (loss) => {
        this.#reportLoss(loss);
      },
      onTruncated: (session, startOffset) => {
        this.#membership.restart(session, startOffset);
      },
    });
    this.#runner = parts.runner((delivery) => {
      this.#overdue.add(delivery);
      this.#scheduler.overrun(delivery);
      this.#dispatch();
    });
  }

  /** Joins the group and begins to read. */
  async start(): Promise<void> {
    await this.#parts.consumer.connect({
      onAssigned: (partitions) => {
        this.#membership.assigned(partitions);
      },
      onRevoked: (partitions, lost) => {
        this.#membership.revoked(partitions, lost);
      },
      onReadable: () => this.#wake?.(),
      onError: (fault) => {
        this.#onFault(fault);
      },
    });
    this.#running = true;
    this.#lastPollMs = this.#parts.clock.monotonicMs();
    this.#committer.start();
    this.#positions.start();
    this.#reading = this.#read().catch((error: unknown) => {
      this.#onFault({ kind: 'fatal', reason: `reading has ended: ${describeForeignError(error)}` });
    });
  }

  /** Lets running handlers finish, commits and leaves the group. Never rejects. */
  async stop(timeoutMs: number): Promise<StopReport> {
    const { clock, consumer } = this.#parts;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    this.#stopping = true;
    this.#positions.stop();
    const unfinished = await this.#membership.drainAll(timeoutMs);
    this.#committer.stop();
    this.#running = false;
    this.#wake?.();
    await this.#reading;
    for (const timer of this.#held.values()) timer.cancel();
    this.#held.clear();
    await consumer.disconnect(Math.max(1_000, deadlineMs - clock.monotonicMs()));
    return { timedOut: unfinished > 0, unfinished };
  }

  health(): ConsumerHealth {
    return consumerHealth({
      fault: this.#fault,
      overdue: this.#overdue.size,
      failingCopies: this.#parts.copies.failing,
      sessions: [...this.#membership.sessions],
    });
  }

  /** Resolves once what is in the assigned partitions now is finished and committed. */
  async caughtUp(signal: AbortSignal | undefined): Promise<void> {
    const { clock, consumer } = this.#parts;
    const wait = async (): Promise<void> => {
      if (signal?.aborted === true) throw tenantryError('ABORTED', 'the wait to be caught up was aborted');
      if (!this.#running || this.#stopping) throw tenantryError('NOT_RUNNING', 'the consumer is stopped');
      if (this.#fault?.kind === 'fatal')
        throw tenantryError('NOT_RUNNING', `the consumer cannot go on: ${this.#fault.reason}`);
      await delay(clock, CAUGHT_UP_POLL_MS, signal);
    };
    while (!this.#membership.isSettled) await wait();
    const targets = new Map<PartitionSession, number>();
    for (const session of this.#membership.sessions) {
      targets.set(session, (await consumer.logRange(session, 10_000)).highOffset);
    }
    for (const [session, target] of targets) {
      while ((session.state !== 'closed' || this.#stopping) && (session.committedOffset ?? -1) < target) {
        if (session.ledger.watermark >= target) this.#committer.commitAll();
        await wait();
      }
    }
  }

  async #read(): Promise<void> {
    const { clock, consumer } = this.#parts;
    while (this.#running) {
      if (this.#budget.full) await this.#waitForRoom();
      const records = await consumer.poll(Math.min(this.#chunk.records, Math.max(1, this.#budget.roomForRecords)));
      this.#lastPollMs = clock.monotonicMs();
      this.#chunk.adapt(records);
      for (const record of records) this.#receive(record);
      // Also after an empty poll: something may have waited for a poll, or for a commit.
      this.#dispatch();
      this.#pauses.reconcile(this.#membership.sessions, false);
      if (records.length === 0) await this.#sleep(IDLE_POLL_MS);
    }
  }

  /** Waits until half the budget is free. Polling goes on meanwhile, or the group would take us for dead. */
  async #waitForRoom(): Promise<void> {
    const { clock, consumer } = this.#parts;
    const pauseAtMs = clock.monotonicMs() + FULL_BEFORE_PAUSE_MS;
    while (this.#running && !this.#budget.relaxed && clock.monotonicMs() < pauseAtMs) {
      await this.#sleep(pauseAtMs - clock.monotonicMs());
    }
    while (this.#running && !this.#budget.relaxed) {
      this.#pauses.reconcile(this.#membership.sessions, true);
      for (const record of await consumer.poll(1)) this.#receive(record);
      this.#lastPollMs = clock.monotonicMs();
      this.#dispatch();
      await this.#sleep(PAUSED_POLL_MS);
    }
    this.#pauses.reconcile(this.#membership.sessions, false);
  }

  #receive(record: ReceivedRecord): void {
    const { guard, counters, handlers } = this.#parts;
    const session = this.#membership.session(record.topic, record.partition);
    if (session?.state !== 'active') return; // not ours any more: the next owner reads it again
    session.seeEpoch(record.leaderEpoch);
    session.position = record.offset + 1;
    const { ledger } = session;
    if (ledger.receive(record.offset) === 'finished-before') return;
    const verdict = guard.check(record);
    if (verdict.kind === 'foreign') {
      counters.foreign();
      ledger.finish(record.offset);
      return;
    }
    if (verdict.kind === 'violation') {
      this.#take(session, record, VIOLATIONS, { violation: verdict.code });
      return;
    }
    const { tenantId, eventType } = verdict.record;
    if (this.#options.otherTypes === 'skip' && handlers.find(eventType, session.logicalTopic) === 'unknown-type') {
      counters.skipped(tenantId);
      ledger.finish(record.offset);
      return;
    }
    this.#take(session, record, tenantId, verdict.record);
  }

  #take(
    session: PartitionSession,
    record: ReceivedRecord,
    payer: Delivery['payer'],
    guarded: Delivery['guarded'],
  ): void {
    const bytes = heldBytes(record);
    this.#budget.take(bytes);
    this.#scheduler.enqueue({
      session,
      record,
      payer,
      guarded,
      lane: laneOf(record, 'violation' in guarded),
      heldBytes: bytes,
      attempts: 0,
    });
  }

  #dispatch(): void {
    if (this.#parts.clock.monotonicMs() - this.#lastPollMs > this.#options.maxPollIntervalMs) return;
    for (let delivery = this.#scheduler.next(); delivery !== undefined; delivery = this.#scheduler.next()) {
      const running = delivery;
      void this.#runner.run(running).then((result) => {
        this.#after(running, result);
      });
    }
  }

  #after(delivery: Delivery, result: RunResult): void {
    this.#overdue.delete(delivery);
    if (result.kind === 'again' && delivery.session.state === 'active') {
      this.#scheduler.hold(delivery);
      this.#held.set(
        delivery,
        this.#parts.clock.setTimer(result.afterMs, () => {
          this.#held.delete(delivery);
          this.#scheduler.release(delivery);
          this.#dispatch();
        }),
      );
    } else {
      if (result.kind === 'finished') delivery.session.ledger.finish(delivery.record.offset);
      this.#scheduler.settle(delivery);
      this.#budget.giveBack(delivery.heldBytes);
      if (this.#budget.relaxed) this.#wake?.();
    }
    this.#dispatch();
  }

  #dropQueued(sessions: ReadonlySet<PartitionSession>): void {
    for (const delivery of this.#scheduler.drop(({ session }) => sessions.has(session))) {
      this.#budget.giveBack(delivery.heldBytes);
      this.#held.get(delivery)?.cancel();
      this.#held.delete(delivery);
    }
  }

  #onFault(fault: ConsumerFault): void {
    this.#parts.telemetry.log('consumerFault', { kind: fault.kind, reason: fault.reason });
    if (fault.kind === 'out-of-range') this.#positions.checkNow();
    else if (fault.kind !== 'other') this.#fault = fault;
  }

  #reportLoss(loss: Loss): void {
    this.#parts.telemetry.log('recordsLost', { ...loss, code: 'RECORDS_LOST' });
  }

  /** Sleeps until something may have changed, at most `maxMs`. */
  async #sleep(maxMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.setTimer(maxMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
