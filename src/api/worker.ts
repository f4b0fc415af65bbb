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

/**
 * A consumer of every tenant, in the group `_shared.{group}`.
 *
 * `pauseTenant` and its like hold for the whole group, whichever member is asked, and outlive all of them: they are
 * written to the group's control topic, and resolve once the commit of every partition says that it is obeyed. They
 * fail with `CONTROL_UNCONFIRMED` where not every partition has confirmed in time (what was written holds all the same),
 * with `INVALID_OPTIONS`, `TOPIC_NOT_FOUND` for offsets in a topic that the group does not read, `INVALID_STATE` before
 * the worker is started and for a time on brokers that find none (`EmbeddedKafka`), `INVALID_TENANT_ID`, `PUBLISH_FAILED`, `BROKER_UNREACHABLE`
 * and `ABORTED`. Any tenant id may be paused, also one without a profile or without records.
 */
export interface Worker extends EventConsumer {
  /** No handler of the tenant starts from then on; running ones finish. Its records wait at its cursors. */
  pauseTenant(tenantId: string, options?: ControlOptions): Promise<void>;
  /** The tenant's events are handled again from where they wait; some that were done just before the pause come again. */
  resumeTenant(tenantId: string, options?: ControlOptions): Promise<void>;
  /**
   * Handles records of the tenant again, in order, with `replay` true in their handlers; those not handled yet wait
   * until it has come to its end. A later replay or skip of the tenant takes its place.
   */
  replayTenant(tenantId: string, range: ReplayRange, options?: ControlOptions): Promise<void>;
  /** Passes over the tenant's records that are not handled yet, up to a place; by default all. They are not lost: `replayTenant` brings them back. */
  skipTenant(tenantId: string, options?: ControlOptions & { readonly to?: MoveTarget | undefined }): Promise<void>;
  /** The tenants that have records unfinished in this member's partitions, the longest behind first. */
  lag(): readonly TenantLag[];
}
