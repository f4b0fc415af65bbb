// Whether no record was handled again without need.
//
// A disruption repeats what was unfinished at the last commit and what was finished since. So a record may be handled
// again where the handling before ended in a window: from one commit interval (and the time of a commit's answer)
// before a disruption of its process until that is over; or where the handling again touches the stall of its own
// process, which works on what it held until it hears that the partition is another's; or where its tenant was paused
// soon after, which repeats what was done behind something that was not. What ended in such windows, all counted, bounds
// the repetitions. And nothing begins again once a commit has said that it is finished. Replays repeat on purpose.
import type { Handling } from './handlings.ts';
import type { Disruption, Journal, Micros } from './journal.ts';
import { windowsOf, type Window, type WindowLimits } from './windows.ts';
import type { Pause } from './judge-pauses.ts';

export interface RepeatJudgement {
  readonly handled: number;
  readonly repeated: number;
  /** How many repetitions the disruptions account for. */
  readonly bound: number;
  readonly refusedCommits: number;
  readonly wrongs: readonly string[];
}

/** How long what is done may wait for something before it that is not. */
const BEHIND_MS = 5_000;

export function judgeRepeats(
  handlings: readonly Handling[],
  journals: readonly Journal[],
  disruptions: readonly Disruption[],
  toldDone: ReadonlyMap<string, Micros>,
  limits: WindowLimits,
  pauses: readonly Pause[] = [],
): RepeatJudgement {
  const windows = new Map(journals.map((journal) => [journal.process, windowsOf(journal, disruptions, limits)]));
  const inWindow = (process: string, from: Micros, to: Micros, kind?: Window['kind']): boolean =>
    (windows.get(process) ?? []).some(
      (window) => (kind ?? window.kind) === window.kind && window.from <= to && from <= window.to,
    );
  const wasPaused = ({ tenants }: Handling, at: Micros): boolean =>
    pauses.some(({ tenant, from, to }) => tenants[0] === tenant && at >= from - BEHIND_MS * 1_000 && at <= to);
  const done = handlings.filter(
    (handling): handling is Handling & { done: Micros } => handling.done !== undefined && !handling.isReplay,
  );
  const before = new Map<string, Handling & { done: Micros }>();
  const wrongs: string[] = [];
  let repeated = 0;
  let bound = 0;
  for (const handling of done.sort((one, other) => one.done - other.done)) {
    const { process } = handling;
    const place = placeOf(handling);
    const earlier = before.get(place);
    before.set(place, handling);
    const isAllowed = inWindow(process, handling.done, handling.done) || wasPaused(handling, handling.done);
    if (isAllowed) bound += 1;
    if (earlier === undefined) continue;
    repeated += 1;
    if (inWindow(earlier.process, earlier.done, earlier.done) || wasPaused(earlier, earlier.done)) continue;
    if (inWindow(process, handling.from, handling.done, 'stall')) continue;
    wrongs.push(
      `${place} was handled again by ${process} ${seconds(handling.from - earlier.done)} after ${earlier.process} had, without need`,
    );
  }
  for (const handling of handlings) {
    const { process, from, done: to = from, isReplay } = handling;
    const place = placeOf(handling);
    const toldAt = toldDone.get(place) ?? Infinity;
    if (from > toldAt && !isReplay && !inWindow(process, from, to, 'stall') && !wasPaused(handling, toldAt))
      wrongs.push(`${place} began again in ${process}, though a commit had said that it was finished`);
  }
  const refusedCommits = journals
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.kind === 'log' && entry.event === 'commitFailed').length;
  const handled = new Set(handlings.filter((one) => one.done !== undefined).map(placeOf)).size;
  return { handled, repeated, bound, refusedCommits, wrongs };
}

function placeOf({ partition, offset }: Handling): string {
  return `${partition}/${offset}`;
}

function seconds(micros: Micros): string {
  return `${(micros / 1e6).toFixed(1)} s`;
}
