// `npm run bench`: tenantry beside the plain client, in one run. What is measured and how: docs/benchmarks.md.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { breakdown, type Share } from './breakdown.ts';
import { openBroker } from './broker.ts';
import { compare, type Compared, groupOf, type Shared, topicOf, workloadOf } from './compare.ts';
import { importTime, type ImportTime } from './import-time.ts';
import { breakdownTable, comparisonTable, importLine, memoryLine } from './report.ts';
import { KAFKAJS, runSide, type Side, SIDES, type Task } from './side.ts';

const TASKS = ['publish', 'consume'] as const;
/** The embedded broker keeps 5 MB a partition and drops the oldest in silence. */
const MOST_EMBEDDED_RECORDS = 20_000;

interface Options {
  readonly short?: true;
  readonly brokers?: string;
  readonly embedded?: true;
  readonly kafkajs?: true;
  readonly only?: Task;
  readonly rounds?: number;
  readonly records?: number;
  readonly json?: true;
}

const options = new Command('npm run bench --')
  .description('Measures tenantry beside the plain client, side by side in one run, and prints the ratios.')
  .option('--short', 'the ratios alone, from fewer records and rounds: under a minute')
  .addOption(new Option('--only <task>', 'one comparison').choices(TASKS))
  .option('--rounds <number>', 'rounds of each comparison', count)
  .option('--records <number>', 'records of a round', count)
  .option('--kafkajs', 'measure kafkajs as well')
  .option('--brokers <addresses>', 'a Kafka that runs already, host:port,…')
  .option('--embedded', 'the embedded broker even where a real Kafka can be started')
  .option('--json', 'the results as JSON')
  .parse()
  .opts<Options>();

const rounds = options.rounds ?? (options.short === true ? 2 : 5);
const tasks = TASKS.filter((task) => options.only === undefined || options.only === task);
const sidesOf = (task: Task): Side[] => [...SIDES[task], ...(options.kafkajs === true ? [KAFKAJS[task]] : [])];
const profiled: Readonly<Record<Task, readonly Side[]>> = {
  publish: SIDES.publish.filter(({ client }) => client === 'tenantry'),
  consume: SIDES.consume.filter(({ client }) => client === 'tenantry'),
};

await using broker = await openBroker(options.brokers?.split(','), options.embedded === true, {
  topics: TASKS.flatMap((task) => [topicOf(task, false), topicOf(task, true)]),
  groups: [...Array.from({ length: rounds }, (_, index) => index + 1), 'profile'].flatMap((round) =>
    SIDES.consume.map((side) => groupOf(round, side)),
  ),
});
const wanted = options.records ?? (options.short === true ? 20_000 : 200_000);
const records = broker.kind === 'embedded' ? Math.min(wanted, MOST_EMBEDDED_RECORDS) : wanted;
const shared: Shared = {
  brokers: [...broker.brokers],
  keyHex: randomBytes(32).toString('hex'),
  records,
  warmUp: Math.floor(records / 10),
};

const comparisons: Partial<Record<Task, Compared[]>> = {};
const breakdowns: { task: Task; side: string; shares: Share[] }[] = [];
for (const task of tasks) {
  if (task === 'consume') await fillBacklogs();
  comparisons[task] = await compare(task, sidesOf(task), rounds, shared, progress);
  for (const side of options.short === true ? [] : profiled[task]) {
    progress(`${task}: profile of ${side.name}`);
    const { profile } = await runSide(task, workloadOf(task, side, 'profile', shared, true));
    const micros = comparisons[task].find(({ name }) => name === side.name)?.mainThreadMicros ?? Number.NaN;
    if (profile !== undefined) breakdowns.push({ task, side: side.name, shares: breakdown(profile, micros) });
  }
}
progress('import');
const imported = importTime(options.short === true ? 5 : 11);
if (options.json === true) {
  const machine = { cores: availableParallelism(), node: process.version, broker: broker.kind };
  console.log(JSON.stringify({ machine, records, rounds, ...comparisons, import: imported, breakdowns }));
} else {
  print(imported);
}

/** The records that every consumer of this run reads. */
async function fillBacklogs(): Promise<void> {
  for (const side of profiled.publish) {
    progress(`filling the backlog, ${side.sealed ? 'sealed' : 'not sealed'}`);
    const work = workloadOf('publish', side, 'backlog', shared);
    await runSide('publish', { ...work, topic: topicOf('consume', side.sealed), warmUp: 0 });
  }
}

function progress(what: string): void {
  if (options.json !== true) console.error(what);
}

function print(importing: ImportTime): void {
  console.log(`\n${records} records a round, ${rounds} rounds, ${broker.kind} broker, ${availableParallelism()} cores`);
  for (const [task, rows] of Object.entries(comparisons)) {
    console.log(`\n${task}\n${comparisonTable(rows, task === 'consume', options.short !== true)}`);
    // A short backlog fits into the queues of any client: how much one keeps shows with a long one only.
    if (task !== 'consume' || options.short === true) continue;
    for (const row of rows) if (row.target !== undefined) console.log(memoryLine(row));
  }
  console.log(`\nimport of tenantry: ${importLine(importing)}`);
  for (const { task, side, shares } of breakdowns) {
    console.log(`\nWhere the main thread's time goes, ${task}, ${side}:\n${breakdownTable(shares)}`);
  }
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
