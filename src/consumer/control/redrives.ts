import type { TenantId } from '../../core/tenant-id.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import type { TenantControl } from './control-record.js';
import { readDeadLetter, type DeadLetter } from '../handling/dead-letter.js';
import { placeName } from '../group/places.js';
import type { Owner } from '../ledger/record-owner.js';
import { matchesFilter } from './redrive-filter.js';

export type RedriveControl = Extract<TenantControl, { readonly kind: 'redrive' }>;

/** A redrive, with its offset in the control topic. */
export interface ToldRedrive {
  readonly redrive: RedriveControl;
  readonly offset: number;
}

/**
 * The redrives that the group was told, of each tenant one after the other: one is only told once the one before has
 * ended everywhere. So a dead letter that an earlier one was for is done with, and what failed again is another.
 */
export class Redrives {
  readonly #byTenant = new Map<Owner, ToldRedrive[]>();

  /**
   * Two that were told at the same time were told by people who did not know of each other: the second does not count.
   *
   * @returns whether it counts
   */
  add(redrive: RedriveControl, offset: number): boolean {
    const told = this.#byTenant.get(redrive.tenantId) ?? [];
    if (told.some((other) => other.offset > redrive.after)) return false;
    this.#byTenant.set(redrive.tenantId, [...told, { redrive, offset }]);
    return true;
  }

  /** The control topic was made anew. */
  clear(): void {
    this.#byTenant.clear();
  }

  /** The last of a tenant; the only one that may be under way. */
  lastOf(tenantId: TenantId): ToldRedrive | undefined {
    return this.#byTenant.get(tenantId)?.at(-1);
  }

  /** Whether the one that was told at this offset counts. */
  hasCounted(tenantId: TenantId, offset: number): boolean {
    return this.#byTenant.get(tenantId)?.some((told) => told.offset === offset) === true;
  }

  *[Symbol.iterator](): IterableIterator<ToldRedrive> {
    for (const told of this.#byTenant.values()) yield* told;
  }

  /** A dead letter that is to be handled again; undefined where it is not, or not a dead letter. */
  wanted(copy: ReceivedRecord, owner: Owner): DeadLetter | undefined {
    const told = this.#byTenant.get(owner);
    if (told?.some(({ redrive }) => covers(redrive, copy)) !== true) return undefined;
    const letter = readDeadLetter(copy);
    if (letter === undefined) return undefined;
    const [first, ...others] = told.filter(({ redrive }) => isFor(redrive, copy, letter));
    return others.length === 0 && first !== undefined && first === told.at(-1) ? letter : undefined;
  }

  /** Whether some redrive was for a dead letter. */
  wasFor(copy: ReceivedRecord, owner: Owner, letter: DeadLetter): boolean {
    return this.#byTenant.get(owner)?.some(({ redrive }) => isFor(redrive, copy, letter)) === true;
  }
}

function covers({ partitions }: RedriveControl, copy: ReceivedRecord): boolean {
  const range = partitions.get(placeName(copy));
  return range?.from !== undefined && copy.offset >= range.from && copy.offset < range.until;
}

/** Where its topic was made anew, dead letters have offsets that were told of others: but not times from before. */
function isFor(redrive: RedriveControl, copy: ReceivedRecord, letter: DeadLetter): boolean {
  return covers(redrive, copy) && copy.timestampMs <= redrive.toldAtMs && matchesFilter(redrive.filter, letter);
}
