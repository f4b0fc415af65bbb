import type { ConsumerHealth, StopReport } from '../api/consumer.js';
import type { PartitionLag, TenantLag } from '../api/worker.js';
import { delay, type Clock, type Timer } from '../core/clock.js';
import { describeForeignError, tenantryError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type {
  ConsumerFault,
  GroupConsumer,
  PartitionReader,
  RecordProducer,
  TopicPartition,
} from '../transport/port.js';
import { CatchUpReader } from './reading/catch-up-reader.js';
import { Committer } from './group/committer.js';
import type { Counters } from './handling/counters.js';
import type { Payer } from './handling/delivery.js';
import { FairScheduler, type SchedulerLimits } from './handling/fair-scheduler.js';
import { ControlLog } from './control/control-log.js';
import { GroupControls } from './control/group-controls.js';
import { GroupMembership } from './group/group-membership.js';
import { HandlerDispatch, type RunnerHooks } from './handling/handler-dispatch.js';
import type { HandlerTable } from './handling/handler-table.js';
import { HeadReader } from './reading/head-reader.js';
import { consumerHealth, type ApplicationSigns } from './health.js';
import { IntakeBudget } from './handling/intake-budget.js';
import type { PartitionSession, TopicRole } from './ledger/partition-session.js';
import { PositionWatch } from './reading/position-watch.js';
import { RecordIntake } from './reading/record-intake.js';
import type { RecordRunner } from './handling/record-runner.js';
import type { Loss } from './group/start-position.js';
import { TenantControls } from './control/tenant-controls.js';
import type { TenantGuard } from './handling/tenant-guard.js';
import { headLags, tenantLags } from './tenant-lag.js';
import { UnreadableRanges } from './control/unreadable-ranges.js';

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

/** A group's control topic, and who writes it. */
export interface ControlPlace {
  readonly topic: string;
  /** The topics whose events the group handles. */
  readonly topics: readonly string[];
  /** Those of its dead letters, by the topic whose events they are. */
  readonly deadLetterTopics: ReadonlyMap<string, string>;
  readonly producer: RecordProducer;
  readonly createReader: () => PartitionReader;
}

/** What an engine stands on. */
export interface EngineParts {
  readonly groupId: string;
  readonly clock: Clock;
  readonly consumer: GroupConsumer;
  /** Makes the second reader's client, once it is needed. */
  readonly createReader: () => PartitionReader;
  /** Where the group is told what to do about tenants; undefined where it cannot be told. */
  readonly control: ControlPlace | undefined;
  readonly guard: TenantGuard;
  readonly handlers: HandlerTable;
  readonly counters: Counters;
  readonly telemetry: Telemetry;
  readonly weightOf: (payer: Payer) => number;
  readonly roleOf: (topic: string) => TopicRole;
  /** How the application's own parts do. */
  readonly applicationSigns: () => ApplicationSigns;
  /** Makes the runner; the engine tells it what to do with handlers that do not settle. */
  readonly runner: (hooks: RunnerHooks) => RecordRunner;
}

const CAUGHT_UP_POLL_MS = 20;
const MEASURE_MS = 10_000;
/** How long an assignment waits for the control topic before it is tried again later. */
const CONTROL_WAIT_MS = 2_000;

/** Reads, guards, schedules, runs and commits the records of the partitions that are assigned to it. */
export class ConsumerEngine {
  readonly #parts: EngineParts;
  readonly #dispatch: HandlerDispatch;
  readonly #membership: GroupMembership;
  readonly #committer: Committer;
  readonly #positions: PositionWatch;
  readonly #head: HeadReader;
  readonly #catchUp: CatchUpReader;
  readonly #controls: TenantControls;
  readonly #unreadable = new UnreadableRanges();
  readonly #controlLog: ControlLog | undefined;
  /** Tells the group what to do about tenants; undefined where it cannot be told. */
  readonly groupControls: GroupControls | undefined;
  #fault: ConsumerFault | undefined;
  readonly #stopped = new AbortController();
  #measuring: Timer | undefined;
  #counted = { read: 0, taken: 0 };

  constructor(parts: EngineParts, options: EngineOptions) {
    const { clock, consumer, telemetry } = parts;
    this.#parts = parts;
    const budget = new IntakeBudget(options.maxBufferedRecords, options.maxBufferedBytes);
    const sessions = (): Iterable<PartitionSession> => this.#membership.sessions;
    const onLoss = (loss: Loss): void => {
      telemetry.log('recordsLost', { ...loss, code: 'RECORDS_LOST' });
    };
    const givenUpUntil = (place: TopicPartition, offset: number): number | undefined =>
      this.#unreadable.endOf(place, offset);
    this.#controls = new TenantControls({
      telemetry,
      sessions,
      dropOwner: (session, owner) => this.#dispatch.dropOwner(session, owner),
      skipRunning: (session, owner, until) => {
        this.#dispatch.skipRunning(session, owner, until);
      },
      onApplied: () => {
        this.#committer.commitAll();
        this.#catchUp.poke();
      },
    });
    this.#controlLog = parts.control && this.#openControlLog(parts.control);
    this.groupControls =
      parts.control &&
      this.#controlLog &&
      new GroupControls({
        clock,
        consumer,
        log: this.#controlLog,
        redrives: this.#controls.redrives,
        topics: parts.control.topics,
        deadLetterTopics: parts.control.deadLetterTopics,
        createReader: parts.createReader,
        givenUpUntil,
        stopped: this.#stopped.signal,
      });
    this.#dispatch = new HandlerDispatch({
      clock,
      budget,
      isPaused: (owner) => this.#controls.paused.has(owner),
      scheduler: new FairScheduler(options, { clock, weightOf: parts.weightOf }),
      runner: parts.runner,
      mayStart: () => this.#head.sincePollMs <= options.maxPollIntervalMs,
      onRoom: (owner) => {
        if (!budget.full) this.#head.poke();
        this.#catchUp.roomFor(owner);
      },
    });
    const intake = new RecordIntake({
      guard: parts.guard,
      handlers: parts.handlers,
      counters: parts.counters,
      budget,
      otherTypes: options.otherTypes,
      paused: () => this.#controls.paused,
      wanted: (copy, owner) => this.#controls.redrives.wanted(copy, owner),
      enqueue: (delivery) => {
        this.#dispatch.enqueue(delivery);
      },
    });
    this.#membership = new GroupMembership({
      clock,
      consumer,
      telemetry,
      committer: () => this.#committer,
      startFrom: options.startFrom,
      roleOf: parts.roleOf,
      drainMs: options.revokeDrainMs,
      onLoss,
      dropQueued: (gone) => {
        this.#dispatch.drop(gone);
      },
      onChanged: () => {
        this.#head.poke();
        this.#catchUp.poke();
      },
      isReady: async () => this.#controlLog?.isLoadedWithin(CONTROL_WAIT_MS) ?? true,
      isAsFarAs: async (session) => this.#controlLog?.isAsFarAs(session) ?? true,
      onOpened: (session) => {
        if (this.#controlLog !== undefined) this.#controls.open(session);
      },
    });
    this.#committer = new Committer(clock, consumer, telemetry, options.commitIntervalMs, sessions);
    this.#positions = new PositionWatch(clock, consumer, {
      sessions,
      onLoss,
      givenUpUntil,
      onRetentionNear: (place) => {
        telemetry.log('retentionNear', place);
      },
      onTruncated: (session, startOffset) => {
        this.#membership.restart(session, startOffset);
      },
    });
    this.#head = new HeadReader({
      clock,
      telemetry,
      consumer,
      membership: this.#membership,
      committer: this.#committer,
      budget,
      receive: (session, record) => {
        intake.fromHead(session, record);
      },
      onRewritten: (session, lowOffset) => {
        this.#positions.rewritten(session, lowOffset);
      },
      onPolled: () => {
        this.#dispatch.start();
        this.#catchUp.poke();
      },
    });
    this.#catchUp = new CatchUpReader({
      clock,
      telemetry,
      sessions,
      createReader: parts.createReader,
      receive: (session, run, record) => intake.fromRun(session, run, record),
      isRelaxed: (session, owner) => intake.isRelaxed(session, owner),
      mayRead: () => !budget.full && !this.#head.isWaiting,
      isHeadBehind: () => this.#head.isBehind,
      hasSpareSlots: () => this.#dispatch.hasSpareSlots,
      onTaken: () => {
        this.#dispatch.start();
      },
      onOutOfRange: () => {
        this.#positions.checkNow();
      },
      givenUpUntil,
      onLoss,
      logRange: (place) => consumer.logRange(place, 10_000),
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
      onReadable: () => {
        this.#head.poke();
      },
      onEnd: (partition, offset) => {
        this.#head.endAt(partition, offset);
      },
      onError: (fault) => {
        this.#onFault(fault);
      },
    });
    this.#controlLog?.start();
    this.#committer.start();
    this.#positions.start();
    this.#catchUp.start();
    this.#measure();
    this.#head.start((error) => {
      this.#onFault({ kind: 'fatal', reason: `reading has ended: ${describeForeignError(error)}` });
    });
  }

  /** Lets running handlers finish, commits and leaves the group. Never rejects. */
  async stop(timeoutMs: number): Promise<StopReport> {
    const { clock, consumer } = this.#parts;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const leftMs = (): number => Math.max(1_000, deadlineMs - clock.monotonicMs());
    this.#stopped.abort();
    this.#positions.stop();
    this.#measuring?.cancel();
    const { unfinished, uncommitted } = await this.#membership.drainAll(timeoutMs);
    this.#committer.stop();
    await Promise.all([this.#head.stop(), this.#catchUp.stop(leftMs()), this.#controlLog?.stop(leftMs())]);
    this.#dispatch.stop();
    await consumer.disconnect(leftMs());
    return { timedOut: unfinished > 0 || uncommitted > 0, unfinished, uncommitted };
  }

  health(): ConsumerHealth {
    return consumerHealth({
      fault: this.#fault,
      isAssigned: this.#membership.isAssigned,
      overdue: this.#dispatch.overdue,
      failingCopies: this.#dispatch.failingCopies,
      controlFault: this.#controlLog?.fault,
      catchUpFault: this.#catchUp.fault,
      ...this.#parts.applicationSigns(),
      sessions: [...this.#membership.sessions],
      delayed: this.#membership.delayed,
      held: this.#dispatch.held,
      ...this.#positions.signs,
    });
  }

  /** Resolves once what is in the assigned partitions now is finished and committed. */
  async caughtUp(signal: AbortSignal | undefined): Promise<void> {
    const { clock, consumer } = this.#parts;
    const wait = async (): Promise<void> => {
      if (signal?.aborted === true) throw tenantryError('ABORTED', 'the wait to be caught up was aborted');
      if (!this.#head.isRunning || this.#stopped.signal.aborted)
        throw tenantryError('NOT_RUNNING', 'the consumer is stopped');
      if (this.#fault !== undefined)
        throw tenantryError('NOT_RUNNING', `the consumer cannot go on: ${this.#fault.reason}`);
      await delay(clock, CAUGHT_UP_POLL_MS, signal);
    };
    const reached = new Set<PartitionSession>();
    // What was lost, or came later, is looked at again: the group may give a member its partitions one after the other.
    for (;;) {
      while (!this.#membership.isSettled) await wait();
      const open = [...this.#membership.sessions].filter((session) => !reached.has(session));
      if (open.length === 0) return;
      const targets = new Map<PartitionSession, number>();
      for (const session of open) {
        const range = await consumer.logRange(session, 10_000).catch(() => undefined);
        if (range !== undefined) targets.set(session, range.highOffset);
      }
      // Where a log's end is not told now, because its leader moves for instance, it is asked for again.
      if (targets.size < open.length) await wait();
      for (const [session, target] of targets) {
        // A replay takes the watermark back, also behind what was committed before.
        const done = (): number => Math.min(session.ledger.watermark, session.committedOffset ?? -1);
        while ((session.state !== 'closed' || this.#stopped.signal.aborted) && done() < target) {
          if (session.ledger.watermark >= target) this.#committer.commitAll();
          await wait();
        }
        reached.add(session);
      }
    }
  }

  /** How far behind tenants are, the longest first. */
  lag(): readonly TenantLag[] {
    return tenantLags({
      nowMs: this.#parts.clock.nowMs(),
      deliveries: this.#dispatch,
      sessions: this.#membership.sessions,
      paused: this.#controls.paused,
    });
  }

  /** What is still to be read of each partition. */
  headLag(): readonly PartitionLag[] {
    return headLags(this.#membership.sessions, (place) => this.#parts.consumer.knownEnd(place));
  }

  /** Tells the metrics how far behind tenants are, and what the second reader has done. */
  #measure(): void {
    const { clock, telemetry, groupId } = this.#parts;
    this.#measuring = clock.setTimer(MEASURE_MS, () => {
      const { read, taken } = this.#catchUp.counts;
      telemetry.countCatchUp(groupId, read - this.#counted.read, taken - this.#counted.taken);
      this.#counted = { read, taken };
      if (telemetry.measures) telemetry.measureLag(groupId, this.lag());
      this.#measure();
    });
  }

  #openControlLog({ topic, producer, createReader }: ControlPlace): ControlLog {
    const { clock, consumer, telemetry } = this.#parts;
    return new ControlLog({
      clock,
      telemetry,
      topic,
      producer,
      createReader,
      logRange: (partition) => consumer.logRange(partition, 10_000),
      onControl: (control, offset) => {
        if (control.kind !== 'unreadable') {
          this.#controls.obey(control, offset);
          return;
        }
        this.#unreadable.add(control);
        this.#positions.look();
      },
      onRemade: () => {
        this.#controls.forget();
        this.#unreadable.clear();
      },
      onPosition: (offset) => {
        this.#controls.readTo(offset);
      },
    });
  }

  #onFault(fault: ConsumerFault): void {
    this.#parts.telemetry.log('consumerFault', { kind: fault.kind, reason: fault.reason });
    // What cannot be read names no partition; the watch finds it out by where reading stands still.
    if (fault.kind === 'out-of-range') this.#positions.checkNow();
    else if (fault.kind === 'unreadable') this.#positions.look();
    else if (fault.kind === 'fatal') this.#fault = fault;
  }
}
