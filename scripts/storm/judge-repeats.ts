// Whether no record was handled again without need.
//
// A disruption repeats what was unfinished at the last commit and what was finished since. So a record may be handled
// again where the handling before ended in a window: from one commit interval (and the time of a commit's answer)
// before a disruption of its process until that is over; or where the handling again touches the stall of its own
// process, which works on what it held until it hears that the partition is another's. What ended in such windows, all
// counted, bounds the repetitions. And nothing begins again once a commit has said that it is finished.
import type { Handling } from './handlings.ts';
import type { Disruption, Journal, Micros } from './journal.ts';

export interface RepeatJudgement {
  readonly handled: number;
  readonly repeated: number;
  /** How many repetitions the disruptions account for. */
  readonly bound: number;
  readonly refusedCommits: number;
  readonly wrongs: readonly string[];
}

export interface RepeatLimits {
  readonly commitIntervalMs: number;
  readonly sessionMs: number;
  /** The classic protocol: while its group is balanced anew, which the dead hold up for a session, commits wait or are refused. */
  readonly isClassic: boolean;
}

interface Window {
  /** `stall`: the process itself may repeat what others have done. */
  readonly kind: 'end' | 'stall';
  readonly from: Micros;
  readonly to: Micros;
}

/** How long the answer to a commit may take on a busy machine. */
const ANSWER_MS = 1_000;
/** How long after it is up again a killed broker may take to answer commits and heartbeats. */
const BROKER_SETTLES_MS = 3_000;

export function judgeRepeats(
  handlings: readonly Handling[],
  journals: readonly Journal[],
  disruptions: readonly Disruption[],
  toldDone: ReadonlyMap<string, Micros>,
  limits: RepeatLimits,
): RepeatJudgement {
  const windows = new Map(journals.map((journal) => [journal.process, windowsOf(journal, disruptions, limits)]));
  const inWindow = (process: string, from: Micros, to: Micros, kind?: Window['kind']): boolean =>
    (windows.get(process) ?? []).some(
      (window) => (kind ?? window.kind) === window.kind && window.from <= to && from <= window.to,
    );
  const done = handlings.filter((handling): handling is Handling & { done: Micros } => handling.done !== undefined);
  const before = new Map<string, Handling & { done: Micros }>();
  const wrongs: string[] = [];
  let repeated = 0;
  let bound = 0;
  for (const handling of done.sort((one, other) => one.done - other.done)) {
    const { process, partition, offset } = handling;
    const place = `${partition}/${offset}`;
    const earlier = before.get(place);
    before.set(place, handling);
    const isAllowed = inWindow(process, handling.done, handling.done);
    if (isAllowed) bound += 1;
    if (earlier === undefined) continue;
    repeated += 1;
    if (inWindow(earlier.process, earlier.done, earlier.done)) continue;
    if (inWindow(process, handling.from, handling.done, 'stall')) continue;
    wrongs.push(
      `${place} was handled again by ${process} ${seconds(handling.from - earlier.done)} after ${earlier.process} had, without need`,
    );
  }
  for (const { process, partition, offset, from, done: to = from } of handlings) {
    const place = `${partition}/${offset}`;
    if (from > (toldDone.get(place) ?? Infinity) && !inWindow(process, from, to, 'stall'))
      wrongs.push(`${place} began again in ${process}, though a commit had said that it was finished`);
  }
  const refusedCommits = journals
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.kind === 'log' && entry.event === 'commitFailed').length;
  return { handled: before.size, repeated, bound, refusedCommits, wrongs };
}

function windowsOf({ process, entries }: Journal, disruptions: readonly Disruption[], limits: RepeatLimits): Window[] {
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

function seconds(micros: Micros): string {
  return `${(micros / 1e6).toFixed(1)} s`;
}
