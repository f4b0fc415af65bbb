// The comparison of one task: every side once a round, one after the other, so that all of them see the same noise.
import { median, runSide, type Side, type Task } from './side.ts';
import type { Measured } from './workloads/measurement.mjs';
import type { Workload } from './workloads/workload.mjs';

/** Medians over the rounds, and what they are of the first side's. */
export interface Compared extends Omit<Measured, 'profile'> {
  readonly name: string;
  /** Messages a second, as a multiple of the first side's in the same round. */
  readonly ratio: number;
  /** Peak memory, likewise. */
  readonly memoryRatio: number;
  readonly target: number | undefined;
}

/** What all sides of a run share. */
export type Shared = Pick<Workload, 'brokers' | 'keyHex' | 'records' | 'warmUp'>;

/** The topic that a side of a task uses: published records go elsewhere than the backlog. */
export function topicOf(task: Task, sealed: boolean): string {
  return `bench-${task}-${sealed ? 'sealed' : 'plain'}`;
}

export function groupOf(round: number | string, side: Side): string {
  return `bench-${round}-${side.client}-${side.sealed ? 'sealed' : 'plain'}`;
}

export async function compare(
  task: Task,
  sides: readonly Side[],
  rounds: number,
  shared: Shared,
  onRun: (what: string) => void,
): Promise<Compared[]> {
  const results = new Map<Side, Measured[]>(sides.map((side) => [side, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const side of sides) {
      onRun(`${task}: round ${round} of ${rounds}, ${side.name}`);
      results.get(side)?.push(await runSide(task, workloadOf(task, side, round, shared)));
    }
  }
  const all = [...results];
  return all.map(([side, own]) => summary(side, own, all[0]?.[1] ?? own));
}

export function workloadOf(task: Task, side: Side, round: number | string, shared: Shared, profile = false): Workload {
  const { client, sealed } = side;
  return { ...shared, client, sealed, profile, topic: topicOf(task, sealed), group: groupOf(round, side) };
}

function summary(side: Side, own: readonly Measured[], first: readonly Measured[]): Compared {
  const of = (field: Exclude<keyof Measured, 'profile'>): number => median(own.map((result) => result[field]));
  const against = (field: 'perSecond' | 'peakRssMib'): number =>
    median(own.map((result, round) => result[field] / (first[round]?.[field] ?? Number.NaN)));
  return {
    name: side.name,
    target: side.target,
    perSecond: of('perSecond'),
    mainThreadMicros: of('mainThreadMicros'),
    processMicros: of('processMicros'),
    peakRssMib: of('peakRssMib'),
    longestBlockMs: of('longestBlockMs'),
    ratio: against('perSecond'),
    memoryRatio: against('peakRssMib'),
  };
}
