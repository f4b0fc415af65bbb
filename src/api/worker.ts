import type { EventConsumer } from './consumer.js';

/** Offsets of single partitions; what is not named stays as it is. */
export type PartitionOffsets = readonly {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}[];

/** A place in the log: the first record written at or after a time, or offsets. */
export type MoveTarget = Date | PartitionOffsets;

/** Which of a tenant's records are handled again. */
export interface ReplayRange {
  /** The first. A time, or an offset, before the log stands for its beginning; one after its end, for nothing. */
  readonly from: MoveTarget;
  /** The first that is not. Default: what is written after the call. */
  readonly until?: MoveTarget | undefined;
}

/** Options of a control of the group. */
export interface ControlOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait until every partition has confirmed. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** Which dead letters are handled again. What is left out lets all pass. */
export interface RedriveOptions extends ControlOptions {
  /** The topic that the events were read from, as their contracts name it. */
  readonly topic?: string | undefined;
  /** Why they failed: error codes, such as `HANDLER_FAILED`. */
  readonly code?: string | readonly string[] | undefined;
  /** `orders.placed.v1`, or `orders.placed` for all its versions. */
  readonly eventType?: string | readonly string[] | undefined;
  /** Those that failed at this time or later. */
  readonly failedFrom?: Date | undefined;
  /** Those that failed before it. */
  readonly failedUntil?: Date | undefined;
  /** Only find out how many there are. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** What a redrive is for. */
export interface RedriveReport {
  /** Dead letters of the tenant that pass the filter, and that no earlier redrive was for. */
  readonly matched: number;
  /** How many of them failed with which code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Whether an earlier redrive of the tenant has not ended; only a dry run says so, a redrive fails then. */
  readonly isUnderWay: boolean;
}

/** Offsets of a partition that no client can read. */
export interface UnreadableOffsets {
  readonly topic: string;
  readonly partition: number;
  /** The first: where the reader stands, as `health()` tells. */
  readonly from: number;
  /** The first that can be read again. */
  readonly to: number;
}

/** How far behind a tenant is, in the partitions of one member. */
export interface TenantLag {
  readonly tenantId: string;
  /** Age of its oldest record that is not finished. */
  readonly seconds: number;
  /** Records of it that are read and not finished, or passed over. */
  readonly records: number;
  /** Whether there may be more: what was passed over before this member took over is not counted. */
  readonly atLeast: boolean;
  /** Whether its events wait at a cursor of its own. */
  readonly parked: boolean;
  readonly paused: boolean;
}

/** What of a partition nobody has read yet. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /**
   * Offsets from where this member reads to the end of the log; undefined until the client has heard of that. Up to 30 s
   * old while reading waits.
   */
  readonly unread: number | undefined;
}

/**
 * A consumer of every tenant, in the group `_shared.{group}`.
 *
 * `pauseTenant` and its like hold for the whole group, whichever member is asked, and outlive all of them: they are
 * written to the group's control topic, and resolve once the commit of every partition says that it is obeyed. They
 * fail with `CONTROL_UNCONFIRMED` where not every partition has confirmed in time (what was written holds all the same) or
 * nobody knows whether it is written,
 * with `INVALID_OPTIONS`, `TOPIC_NOT_FOUND` for offsets in a topic that the group does not read or in a partition that there is not, `INVALID_STATE` before
 * the worker is started and for a time on brokers that find none (`EmbeddedKafka`), `INVALID_TENANT_ID`, `PUBLISH_FAILED`, `BROKER_UNREACHABLE`
 * and `ABORTED`. Any tenant id may be paused, also one without a profile or without records.
 *
 * Code that runs for one tenant, such as its handler, may ask for what concerns that tenant alone. What concerns another,
 * or all of them as `skipUnreadable` does, fails there with `TENANT_ISOLATION_VIOLATION`, and with
 * `TENANT_CONTEXT_EXPIRED` after the handler has settled; `withoutTenant` is for what a platform does there on purpose.
 */
export interface Worker extends EventConsumer {
  /**
   * No handler of the tenant starts from then on; running ones finish. Its records wait at its cursors.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  pauseTenant(tenantId: string, options?: ControlOptions): Promise<void>;
  /**
   * The tenant's events are handled again from where they wait; some that were done just before the pause come again.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  resumeTenant(tenantId: string, options?: ControlOptions): Promise<void>;
  /**
   * Handles records of the tenant again, in order, with `replay` true in their handlers; those not handled yet wait
   * until it has come to its end. A later replay or skip of the tenant takes its place.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  replayTenant(tenantId: string, range: ReplayRange, options?: ControlOptions): Promise<void>;
  /**
   * Passes over the tenant's records that are not handled yet, up to a place, or to what is the end of the log at the
   * call. They are not lost: `replayTenant` brings them back.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  skipTenant(tenantId: string, range: { readonly to: MoveTarget | 'end' }, options?: ControlOptions): Promise<void>;
  /**
   * Handles the tenant's dead letters of this group again, with `redriven` true in their handlers, and resolves once the
   * group has taken it on: it goes on whatever becomes of its members, and loses none. Each is handled by one redrive
   * only; one that fails again becomes a new dead letter. Fails with `REDRIVE_UNDER_WAY` while an earlier one goes on.
   * What is waiting in the dead letters of a tenant that is paused waits on.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  redrive(tenantId: string, options?: RedriveOptions): Promise<RedriveReport>;
  /**
   * Gives up records that no client can read, of all tenants: whichever reader stands still in this range goes on behind
   * it, and what it passes over is reported as `records lost`. A range that can be read is read.
   *
   * @throws TenantryError `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, and as all controls do, see `Worker`
   */
  skipUnreadable(range: UnreadableOffsets, options?: ControlOptions): Promise<void>;
  /** The tenants that have records unfinished in this member's partitions, the longest behind first. */
  lag(): readonly TenantLag[];
  /**
   * What is still to be read of each of this member's partitions, for all tenants: the measure to scale by. A tenant that
   * is far behind, or paused, does not count here. From what is known in the process: no broker is asked.
   */
  headLag(): readonly PartitionLag[];
}
