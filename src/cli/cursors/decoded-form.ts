import { isTenantId } from '../../core/tenant-id.js';
import { shownTime } from '../shown-time.js';
import type { Progress } from './partition-state.js';
import { shownFingerprint, type TenantsOf } from './tenant-names.js';

/** What metadata tells, as JSON has it. What is not told is null. */
export interface DecodedForm {
  readonly head: number;
  readonly cursors: readonly {
    readonly fingerprint: string;
    readonly tenants?: readonly string[];
    readonly offset: number;
    readonly behindHead: number;
  }[];
  readonly taken: {
    readonly records: number;
    readonly runs: readonly { readonly start: number; readonly length: number }[];
  };
  readonly replays: readonly { readonly tenant: string; readonly until: number; readonly resume: number }[];
  readonly skips: readonly { readonly tenant: string; readonly until: number }[];
  readonly controlOffset: number | null;
  readonly beganAt: string | null;
}

/** @param tenantsOf - names beside fingerprints; without it there are none */
export function decodedForm(progress: Progress, tenantsOf?: TenantsOf): DecodedForm {
  const { head, cursors, taken, replays = [], skips = [], controlOffset, beganAtMs } = progress;
  return {
    head,
    cursors: cursors
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ fingerprint, offset }) => ({
        fingerprint: shownFingerprint(fingerprint),
        ...(tenantsOf !== undefined && { tenants: tenantsOf(fingerprint) }),
        offset,
        behindHead: head - offset,
      })),
    taken: { records: taken.reduce((sum, { length }) => sum + length, 0), runs: taken },
    replays: replays.map(({ owner, until, resume }) => ({ tenant: shownTenant(owner), until, resume })),
    skips: skips.map(({ owner, until }) => ({ tenant: shownTenant(owner), until })),
    controlOffset: controlOffset ?? null,
    beganAt: beganAtMs === undefined ? null : shownTime(beganAtMs),
  };
}

/** Whoever may commit for the group may have written anything there, also what a terminal obeys. */
function shownTenant(owner: string): string {
  return isTenantId(owner) ? owner : '(not a tenant id)';
}
