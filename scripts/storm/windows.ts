// When processes may do what a member that is well may not: they were disrupted, or cut off from their group.
import type { Disruption, Journal, Micros } from './journal.ts';

export interface WindowLimits {
  readonly commitIntervalMs: number;
  readonly sessionMs: number;
  /** The classic protocol: while its group is balanced anew, which the dead hold up for a session, commits wait or are refused. */
  readonly isClassic: boolean;
}

export interface Window {
  /** `stall`: the process itself may repeat what others have done. */
  readonly kind: 'end' | 'stall';
  readonly from: Micros;
  readonly to: Micros;
}

/** How long the answer to a commit may take on a busy machine. */
const ANSWER_MS = 1_000;
/** How long after it is up again a killed broker may take to answer commits and heartbeats. */
const BROKER_SETTLES_MS = 3_000;

/** When a process may be cut off from its group and not know it: what the group is told does not reach it then. */
export function cutOffs(
  { process, entries }: Journal,
  disruptions: readonly Disruption[],
  sessionMs: number,
): Window[] {
  const session = sessionMs * 1_000;
  const windows: Window[] = [];
  for (const { kind, process: whose, from, to } of disruptions) {
    if (kind === 'broker') windows.push({ kind: 'stall', from, to: to + BROKER_SETTLES_MS * 1_000 });
    else if (whose === process && kind === 'pause') windows.push({ kind: 'stall', from, to: to + session });
  }
  for (const entry of entries) {
    if (entry.kind === 'log' && entry.event === 'revoked' && entry.lost === true)
      windows.push({ kind: 'stall', from: entry.at - session, to: entry.at });
  }
  return windows;
}

/** When what a process has done may be done again, or it may do again what others have done. */
export function windowsOf(
  { process, entries }: Journal,
  disruptions: readonly Disruption[],
  limits: WindowLimits,
): Window[] {
  const commit = (limits.commitIntervalMs + ANSWER_MS) * 1_000;
  const before = commit + (limits.isClassic ? 2 * limits.sessionMs * 1_000 : 0);
  const session = limits.sessionMs * 1_000;
  const windows: Window[] = [];
  for (const { kind, process: whose, from, to } of disruptions) {
    if (kind === 'broker') windows.push({ kind: 'stall', from: from - before, to: to + BROKER_SETTLES_MS * 1_000 });
    else if (whose !== process) continue;
    else if (kind === 'kill') windows.push({ kind: 'end', from: from - before, to });
    else if (kind === 'pause') windows.push({ kind: 'stall', from: from - before, to: to + session + commit });
  }
  for (const entry of entries) {
    const { at } = entry;
    // The broker does not take its commits any more, or it has been told that its partitions are gone.
    if (entry.kind === 'log' && entry.event === 'commitFailed')
      windows.push({ kind: 'end', from: at - before, to: at + commit });
    if (entry.kind === 'log' && entry.event === 'revoked' && entry.lost === true)
      windows.push({ kind: 'stall', from: at - session - before, to: at + commit });
    if (entry.kind === 'stopped' && entry.uncommitted > 0)
      windows.push({ kind: 'end', from: at - session - before, to: at });
  }
  return windows;
}
