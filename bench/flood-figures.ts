// What a run of a flood says.
import type { ScenarioId } from './flood-scenarios.ts';
import { median } from './side.ts';
import type { Target } from './targets.ts';
import type { Handled, QuietEvent } from './workloads/flood-consumer.mjs';
import type { Flood } from './workloads/flood-events.mjs';
import type { Sent } from './workloads/flood-producer.mjs';

/** One run of one scenario. */
export interface FloodRun {
  readonly work: Pick<Flood, 'noisyBacklog' | 'noisyTenants' | 'handlerMs' | 'quietTenants'>;
  readonly sent: Sent;
  readonly handled: Handled;
}

/** Milliseconds; NaN where there was nothing to measure. */
export interface Figures {
  readonly quietSent: number;
  readonly quietHandled: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of events sent before the head had read through the burst in their partition. */
  readonly p99InBurstMs: number;
  readonly p99AfterMs: number;
  /** From the assignment until the head had read through the burst in all partitions. */
  readonly scanMs: number;
  /** Records of the burst a second. */
  readonly scanPerSecond: number;
  readonly noisy: Readonly<Record<string, number>>;
  /** What the noisy tenants got of the capacity that the quiet ones left. */
  readonly share: number;
  readonly rssMib: number;
}

export type Round = Partial<Record<ScenarioId, Figures>>;

export function figures({ work, sent, handled }: FloodRun): Figures {
  const { noisyBacklog: backlog, noisyTenants, handlerMs } = work;
  const costOf = (name: string): number => (noisyTenants[name] ?? handlerMs) / handlerMs;
  const { quiet, noisy, free, assignedAtMs, rssMib } = handled;
  const scannedAtMs = scanned(quiet);
  const isInBurst = ({ partition, sentAtMs }: QuietEvent): boolean => sentAtMs < (scannedAtMs.get(partition) ?? 0);
  const scanMs = Math.max(...scannedAtMs.values(), Number.NEGATIVE_INFINITY) - assignedAtMs;
  const hasBurst = backlog > 0 && scannedAtMs.size > 0;
  const all = latencies(quiet);
  return {
    quietSent: sent.quietAtMs.length,
    quietHandled: quiet.length,
    p50Ms: quantile(all, 0.5),
    p99Ms: quantile(all, 0.99),
    p99InBurstMs: hasBurst ? quantile(latencies(quiet.filter(isInBurst)), 0.99) : Number.NaN,
    p99AfterMs: hasBurst ? quantile(latencies(quiet.filter((event) => !isInBurst(event))), 0.99) : quantile(all, 0.99),
    scanMs: hasBurst ? scanMs : Number.NaN,
    scanPerSecond: hasBurst ? (backlog * 1_000) / scanMs : Number.NaN,
    noisy,
    share: Object.entries(noisy).reduce((sum, [name, each]) => sum + each * costOf(name), 0) / free,
    rssMib,
  };
}

/** A partition's burst is read through when the first event behind it is handled. */
function scanned(quiet: readonly QuietEvent[]): Map<number, number> {
  const atMs = new Map<number, number>();
  for (const { partition, startedAtMs } of quiet) {
    atMs.set(partition, Math.min(startedAtMs, atMs.get(partition) ?? Number.POSITIVE_INFINITY));
  }
  return atMs;
}

function latencies(quiet: readonly QuietEvent[]): number[] {
  return quiet.map(({ sentAtMs, doneAtMs }) => doneAtMs - sentAtMs).sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The medians of a scenario over the rounds; undefined where it was not run. */
export function medians(rounds: readonly Round[], id: ScenarioId): Figures | undefined {
  const runs = rounds.flatMap((round) => round[id] ?? []);
  const [first] = runs;
  if (first === undefined) return undefined;
  const of = (pick: (run: Figures) => number): number => median(runs.map(pick));
  return {
    quietSent: of((run) => run.quietSent),
    quietHandled: of((run) => run.quietHandled),
    p50Ms: of((run) => run.p50Ms),
    p99Ms: of((run) => run.p99Ms),
    p99InBurstMs: of((run) => run.p99InBurstMs),
    p99AfterMs: of((run) => run.p99AfterMs),
    scanMs: of((run) => run.scanMs),
    scanPerSecond: of((run) => run.scanPerSecond),
    noisy: Object.fromEntries(Object.keys(first.noisy).map((name) => [name, of((run) => run.noisy[name] ?? 0)])),
    share: of((run) => run.share),
    rssMib: of((run) => run.rssMib),
  };
}

/** What was asked of the cursors, each ratio within its round. */
export function floodTargets(rounds: readonly Round[]): Target[] {
  const ratios = (ratio: (round: Round) => number): number[] => rounds.map(ratio);
  return [
    ...againstCalm(rounds, 'flood', 'calm', 'a flood'),
    ...againstCalm(rounds, 'many', 'manyCalm', '1,000 quiet tenants'),
    {
      what: 'three floods: the two quick ones, where the third takes 1 s',
      ratios: ratios(({ threeQuick, threeOneSlow }) =>
        Math.min(...['a', 'b'].map((name) => of(threeOneSlow?.noisy[name]) / of(threeQuick?.noisy[name]))),
      ),
      bound: 'at least',
      limit: 0.95,
    },
    ...againstCalm(rounds, 'fiveSeconds', 'calm', '5 s handlers'),
  ];
}

function againstCalm(rounds: readonly Round[], flooded: ScenarioId, calm: ScenarioId, name: string): Target[] {
  const ratios = (ratio: (flood: Figures | undefined, base: Figures | undefined) => number): number[] =>
    rounds.map((round) => ratio(round[flooded], round[calm]));
  return [
    {
      what: `${name}: quiet events handled`,
      ratios: ratios((flood) => of(flood?.quietHandled) / of(flood?.quietSent)),
      bound: 'at least',
      limit: 1,
    },
    {
      what: `${name}: p50, of that with no flood`,
      ratios: ratios((flood, base) => of(flood?.p50Ms) / of(base?.p50Ms)),
      bound: 'at most',
      limit: 1.3,
    },
    {
      what: `${name}: p99 once the burst is read through, of that with no flood`,
      ratios: ratios((flood, base) => of(flood?.p99AfterMs) / of(base?.p99Ms)),
      bound: 'at most',
      limit: 3,
    },
    {
      // An event that comes at the beginning waits for all of the scan; then the slowest take what they take without a flood.
      what: `${name}: p99 until then, of burst ÷ scan rate and the p99 with no flood`,
      ratios: ratios((flood, base) => of(flood?.p99InBurstMs) / (of(flood?.scanMs) + of(base?.p99Ms))),
      bound: 'at most',
      limit: 1,
    },
    {
      what: `${name}: what the flooding tenant got of the capacity that was left`,
      ratios: ratios((flood) => of(flood?.share)),
      bound: 'at least',
      limit: 0.9,
    },
  ];
}

function of(value: number | undefined): number {
  return value ?? Number.NaN;
}
