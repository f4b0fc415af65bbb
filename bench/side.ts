// One side of a comparison: a workload that is run again and again, and what was measured of it.
import { once } from 'node:events';
import { answerOf, forkWorkload } from './broker.ts';
import type { Measured } from './workloads/measurement.mjs';
import type { Workload } from './workloads/workload.mjs';

export type Task = 'publish' | 'consume';

export interface Side {
  readonly name: string;
  readonly client: Workload['client'];
  readonly sealed: boolean;
  /** The least it should reach of the plain client's messages a second. */
  readonly target?: number;
}

export const SIDES: Readonly<Record<Task, readonly Side[]>> = {
  publish: [
    { name: '@confluentinc/kafka-javascript send()', client: 'confluent', sealed: false },
    { name: 'tenantry publish()', client: 'tenantry', sealed: false, target: 1 },
    { name: 'tenantry publish(), sealed', client: 'tenantry', sealed: true, target: 0.7 },
  ],
  consume: [
    { name: '@confluentinc/kafka-javascript eachMessage', client: 'confluent', sealed: false },
    { name: 'tenantry worker', client: 'tenantry', sealed: false, target: 1 },
    { name: 'tenantry worker, sealed', client: 'tenantry', sealed: true, target: 0.8 },
  ],
};

export const KAFKAJS: Readonly<Record<Task, Side>> = {
  publish: { name: 'kafkajs send()', client: 'kafkajs', sealed: false },
  consume: { name: 'kafkajs eachMessage', client: 'kafkajs', sealed: false },
};

/** Runs one side once, in a process of its own. */
export async function runSide(task: Task, input: Workload): Promise<Measured> {
  const file = `${task}-${input.client === 'tenantry' ? 'tenantry' : 'plain'}.mjs`;
  const child = forkWorkload(file, input);
  const ended = once(child, 'exit');
  const measured = (await answerOf(child)) as Measured;
  await ended;
  return measured;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
