// `npm run bench:scale`: what a worker costs with many tenants, with slow handlers, and with a long backlog of one tenant.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startKafka } from '../scripts/kafka/start-kafka.ts';
import { answerOf, forkWorkload } from './broker.ts';
import { median } from './side.ts';
import { outcomes, type Target, targetTable } from './targets.ts';
import type { Measured } from './workloads/measurement.mjs';
import type { Memory } from './workloads/scale-memory.mjs';
import type { ScaleWork } from './workloads/scale-work.mjs';

type Result = Partial<Measured & Memory>;
type Backlog = Pick<ScaleWork, 'records' | 'tenants' | 'keys' | 'probes'> & { readonly partitions: number };

interface Side {
  readonly name: string;
  readonly workload: 'scale-tenants.mjs' | 'scale-parked.mjs' | 'scale-slow.mjs';
  readonly topic: string;
  readonly work?: Partial<ScaleWork>;
  /** Told, without a target. */
  readonly untargeted?: true;
}

const TASKS = ['tenants', 'backlog', 'slow'] as const;
type Task = (typeof TASKS)[number];

const options = new Command('npm run bench:scale --')
  .description('Measures a worker with many tenants, a long backlog and slow handlers, on a real Kafka.')
  .option('--short', 'fewer records, one round')
  .option('--rounds <number>', 'rounds of each side; medians are printed', count)
  .addOption(new Option('--only <task>', 'one comparison').choices(TASKS))
  .option('--json', 'the results as JSON')
  .parse()
  .opts<{ short?: true; rounds?: number; only?: Task; json?: true }>();

const short = options.short === true;
const rounds = options.rounds ?? (short ? 1 : 3);
const many = short ? 20_000 : 100_000;
const long = short ? 100_000 : 1_000_000;
const WAITING = 10_000;

/** Of both, as many keys in all: one an event. */
const few = { records: many, keys: many / 10, tenants: 10, probes: 0, partitions: 2 };
const parked = { tenants: 1, keys: 500, probes: 20, partitions: 2 };
const backlogs: Readonly<Record<string, Backlog>> = {
  few,
  many: { ...few, tenants: many, keys: 1 },
  waiting: { ...parked, records: WAITING },
  long: { ...parked, records: long },
  slow: { records: short ? 100_000 : 300_000, tenants: 10, keys: 100, probes: 1, partitions: 1 },
};
const sides: Readonly<Record<Task, readonly Side[]>> = {
  tenants: [
    { name: '10 tenants', workload: 'scale-tenants.mjs', topic: 'few' },
    { name: `${many} tenants, each seen once`, workload: 'scale-tenants.mjs', topic: 'many' },
  ],
  backlog: [
    { name: `${WAITING} records parked`, workload: 'scale-parked.mjs', topic: 'waiting', work: { handlerMs: 5_000 } },
    { name: `${long} records parked`, workload: 'scale-parked.mjs', topic: 'long', work: { handlerMs: 5_000 } },
  ],
  slow: [
    {
      name: '@confluentinc/kafka-javascript eachMessage, 10 ms handlers',
      workload: 'scale-slow.mjs',
      topic: 'slow',
      work: { client: 'confluent' },
    },
    { name: 'tenantry, 1,000 at once', workload: 'scale-slow.mjs', topic: 'slow', work: { concurrency: 1_000 } },
    {
      name: 'tenantry, 100 at once, once the backlog is read through',
      workload: 'scale-slow.mjs',
      topic: 'slow',
      work: { afterScan: true },
    },
    {
      name: 'tenantry, 100 at once, until then',
      workload: 'scale-slow.mjs',
      topic: 'slow',
      untargeted: true,
    },
  ],
};
const base = {
  client: 'tenantry',
  handlerMs: 10,
  concurrency: 100,
  seconds: short ? 2 : 5,
} satisfies Partial<ScaleWork>;

const chosen = TASKS.filter((task) => options.only === undefined || options.only === task);
const results = new Map<Side, Result[]>(chosen.flatMap((task) => sides[task].map((side) => [side, []])));
const kafka = await startKafka();
try {
  for (const topic of new Set([...results.keys()].map((side) => side.topic))) await fill(topic);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [side, own] of results) {
      progress(`round ${round} of ${rounds}: ${side.name}`);
      own.push(await run(side, groupOf(round, side)));
    }
  }
} finally {
  await kafka.stop();
}
const targets = outcomes(chosen.flatMap((task) => targetsOf(task, sides[task])));
if (options.json === true) {
  const machine = { cores: availableParallelism(), node: process.version };
  const all = [...results].map(([{ name }, own]) => ({ name, rounds: own }));
  console.log(JSON.stringify({ machine, short, results: all, targets }));
} else {
  console.log(
    `\n${rounds} rounds, medians, ${availableParallelism()} cores\n${figureTable()}\n${targetTable(targets)}`,
  );
}

async function fill(topic: string): Promise<void> {
  const { partitions, ...backlog } = backlogs[topic] ?? { ...few };
  progress(`writing ${backlog.records} records of ${backlog.tenants} tenants`);
  const groups = Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    [...results.keys()].filter((side) => side.topic === topic).map((side) => groupOf(round, side)),
  );
  const brokers = [kafka.brokers];
  await answerOf(forkWorkload('flood-topics.mjs', { brokers, topics: [topic], groups, partitions }));
  await answerOf(forkWorkload('scale-producer.mjs', { ...backlog, brokers, topic }));
}

/** In a process of its own. */
async function run({ workload, topic, work }: Side, group: string): Promise<Result> {
  const child = forkWorkload(workload, {
    ...base,
    ...backlogs[topic],
    ...work,
    brokers: [kafka.brokers],
    topic,
    group,
  });
  const measured = (await answerOf(child)) as Result;
  if (child.exitCode === null) await once(child, 'exit');
  return measured;
}

function groupOf(round: number, side: Side): string {
  return `scale-${round}-${[...results.keys()].indexOf(side)}`;
}

function targetsOf(task: Task, [first, ...others]: readonly Side[]): Target[] {
  return others.flatMap((side): Target[] => {
    if (side.untargeted === true) return [];
    const of = (field: Exclude<keyof Measured, 'profile'>): number[] => ratios(first, side, field);
    const ofMemory = (field: keyof Memory): number[] => ratios(first, side, field);
    const { name } = side;
    if (task === 'slow') return [{ what: `${name}: handled/s`, ratios: of('perSecond'), bound: 'at least', limit: 50 }];
    if (task === 'backlog') {
      return [
        { what: `${name}: resident memory`, ratios: ofMemory('rssMib'), bound: 'at most', limit: 1.2 },
        { what: `${name}: peak of it`, ratios: ofMemory('peakRssMib'), bound: 'at most', limit: 1.2 },
      ];
    }
    return [
      { what: `${name}: main thread a record`, ratios: of('mainThreadMicros'), bound: 'at most', limit: 1.2 },
      { what: `${name}: processor time a record`, ratios: of('processMicros'), bound: 'at most', limit: 1.2 },
      { what: `${name}: heap once all are idle`, ratios: ofMemory('heapMib'), bound: 'at most', limit: 1.05 },
    ];
  });
}

/** Of the first side's, round by round. */
function ratios(first: Side | undefined, side: Side, field: Exclude<keyof Result, 'profile'>): number[] {
  const bases = (first && results.get(first)) ?? [];
  return (results.get(side) ?? []).map(
    (result, round) => (result[field] ?? Number.NaN) / (bases[round]?.[field] ?? Number.NaN),
  );
}

function figureTable(): string {
  const table = new Table({
    head: ['', 'handled/s', 'main thread', 'whole process', 'RSS', 'peak RSS', 'heap after GC'],
    style: { head: [], border: [] },
  });
  for (const [{ name }, own] of results) {
    const shown = (field: Exclude<keyof Result, 'profile'>, digits: number, unit: string): string => {
      const value = median(own.map((result) => result[field] ?? Number.NaN));
      return Number.isNaN(value) ? '–' : `${value.toFixed(digits)}${unit}`;
    };
    table.push([
      name,
      shown('perSecond', 0, ''),
      shown('mainThreadMicros', 1, ' µs'),
      shown('processMicros', 1, ' µs'),
      shown('rssMib', 0, ' MiB'),
      shown('peakRssMib', 0, ' MiB'),
      shown('heapMib', 2, ' MiB'),
    ]);
  }
  return table.toString();
}

function progress(what: string): void {
  if (options.json !== true) console.error(what);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
