import type { TenantId } from '../../core/tenant-id.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { TenantControl } from './control-record.js';
import type { PartitionSession } from '../ledger/partition-session.js';
import { placeName } from '../group/places.js';
import type { Owner } from '../ledger/record-owner.js';
import { Redrives } from './redrives.js';

type MoveControl = Exclude<TenantControl, { readonly kind: 'pause' }>;

/** What controls stand on. */
export interface ControlsParts {
  readonly telemetry: Telemetry;
  readonly sessions: () => Iterable<PartitionSession>;
  /**
   * Forgets an owner's records of a partition that do not run.
   *
   * @returns the records
   */
  readonly dropOwner: (session: PartitionSession, owner: Owner) => readonly ReceivedRecord[];
  /** An owner's records of a partition that run, below an offset, are not tried again where they fail. */
  readonly skipRunning: (session: PartitionSession, owner: Owner, until: number) => void;
  /** Some session has something new to commit, or somebody may be read for. */
  readonly onApplied: () => void;
}

/** Obeys what the group's control topic says about tenants, in each partition once. */
export class TenantControls {
  readonly redrives = new Redrives();
  readonly #parts: ControlsParts;
  readonly #paused = new Set<Owner>();
  /** The last move of each tenant that was ever moved, with its offset in the control topic. */
  readonly #moves = new Map<TenantId, { readonly move: MoveControl; readonly offset: number }>();
  #position = 0;

  constructor(parts: ControlsParts) {
    this.#parts = parts;
  }

  /** Tenants of which no handler starts. */
  get paused(): ReadonlySet<Owner> {
    return this.#paused;
  }

  /** A control was read, at this offset of the control topic. */
  obey(control: TenantControl, offset: number): void {
    const { kind, tenantId } = control;
    if (kind === 'pause') {
      this.#pause(tenantId, control.paused);
      return;
    }
    if (kind !== 'redrive') {
      this.#moves.set(tenantId, { move: control, offset });
    } else if (!this.redrives.add(control, offset)) {
      this.#parts.telemetry.log('redriveIgnored', { tenant: tenantId, offset });
      return;
    }
    for (const session of this.#parts.sessions()) this.#moveIn(session, control, offset);
  }

  /** The control topic was made anew: what it said is gone, but for who is paused, which nobody has taken back. */
  forget(): void {
    this.#moves.clear();
    this.redrives.clear();
    this.#position = 0;
    for (const session of this.#parts.sessions()) session.forgetControl();
  }

  /** The control topic was read up to here: what was said is obeyed in every partition that is open. */
  readTo(position: number): void {
    this.#position = position;
    for (const session of this.#parts.sessions()) session.obeyed(position);
    this.#parts.onApplied();
  }

  /** A partition is ours now: what was said since it was last committed is obeyed before anything of it is read. */
  open(session: PartitionSession): void {
    // Of a partition without a note nobody knows what was obeyed there: a replay of long ago must not come again.
    const since = session.controlOffset ?? this.#position;
    for (const { move, offset } of this.#moves.values()) if (offset >= since) this.#moveIn(session, move, offset);
    // A redrive is taken up all the same where only the note is gone: it may not have been obeyed, and would be lost.
    const isNoteLost = session.controlOffset === undefined && session.committedOffset !== undefined;
    for (const { redrive, offset } of this.redrives) {
      if (offset >= since || isNoteLost) this.#moveIn(session, redrive, offset);
    }
    session.obeyed(this.#position);
  }

  #pause(tenantId: TenantId, paused: boolean): void {
    if (paused === this.#paused.has(tenantId)) return;
    const { telemetry } = this.#parts;
    if (!paused) {
      this.#paused.delete(tenantId);
      telemetry.log('tenantResumed', { tenant: tenantId });
      return;
    }
    this.#paused.add(tenantId);
    telemetry.log('tenantPaused', { tenant: tenantId });
    for (const session of this.#parts.sessions()) {
      const dropped = this.#parts.dropOwner(session, tenantId);
      session.ledger.rewind(tenantId, offsetsOf(dropped), oldestOf(dropped));
    }
  }

  #moveIn(session: PartitionSession, { kind, tenantId, partitions }: MoveControl, offset: number): void {
    const { topic, partition, ledger } = session;
    const move = partitions.get(placeName(session));
    if (move === undefined || offset < (session.controlOffset ?? 0)) return;
    const dropped = offsetsOf(this.#parts.dropOwner(session, tenantId));
    if (kind === 'skip') {
      ledger.skip(tenantId, dropped, move.until);
      this.#parts.skipRunning(session, tenantId, move.until);
    } else if (move.from !== undefined) ledger.replay(tenantId, dropped, move.from, move.until);
    const { from, until } = move;
    this.#parts.telemetry.log('tenantMoved', { kind, tenant: tenantId, topic, partition, from, until });
  }
}

function offsetsOf(records: readonly ReceivedRecord[]): number[] {
  return records.map(({ offset }) => offset);
}

/** When the oldest was written; undefined of none. */
function oldestOf(records: readonly ReceivedRecord[]): number | undefined {
  let oldestMs: number | undefined;
  for (const { timestampMs } of records) oldestMs = Math.min(oldestMs ?? timestampMs, timestampMs);
  return oldestMs;
}
