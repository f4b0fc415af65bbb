// `npm run bench:flood`: what one tenant's flood does to the others, beside consumers with one position a partition.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startKafka } from '../scripts/kafka/start-kafka.ts';
import { answerOf, forkWorkload } from './broker.ts';
import { figures, type Figures, floodTargets, type FloodRun, medians, type Round } from './flood-figures.ts';
import { latencyPlot, type PlotLine } from './flood-plot.ts';
import { type Scenario, type ScenarioId, scenarios } from './flood-scenarios.ts';
import { outcomes, targetTable } from './targets.ts';
import type { Handled } from './workloads/flood-consumer.mjs';
import type { Flood } from './workloads/flood-events.mjs';
import type { Sent } from './workloads/flood-producer.mjs';

const PLOT = fileURLToPath(new URL('../docs/flood-latency.svg', import.meta.url));
const PLOTTED: readonly ScenarioId[] = ['flood', 'confluent', 'kafkajs'];
/** For the last events to be handled. */
const REST_MS = 500;

const options = new Command('npm run bench:flood --')
  .description('Measures what a flood of one tenant does to the events of the others, on a real Kafka.')
  .option('--short', 'a few seconds of each scenario, one round')
  .option('--rounds <number>', 'rounds of each scenario; medians are printed', count)
  .addOption(new Option('--only <scenarios...>', 'some of the scenarios').choices(Object.keys(scenarios(true))))
  .option('--plot', 'draw the latency of a quiet tenant over time into docs/flood-latency.svg')
  .option('--json', 'the results as JSON')
  .parse()
  .opts<{ short?: true; rounds?: number; only?: string[]; plot?: true; json?: true }>();

const short = options.short === true;
const rounds = options.rounds ?? (short ? 1 : 3);
const chosen = (Object.entries(scenarios(short)) as [ScenarioId, Scenario][]).filter(
  ([id]) => options.only?.includes(id) !== false,
);
const measured: Round[] = [];
const lines: PlotLine[] = [];

const kafka = await startKafka();
try {
  for (let round = 1; round <= rounds; round += 1) {
    const results: Round = {};
    for (const [id, { name, work, once: isOnce }] of chosen) {
      if (isOnce === true && round > 1) continue;
      if (options.json !== true) console.error(`round ${round} of ${rounds}: ${name}`);
      const result = await run({ ...work, brokers: [kafka.brokers], ...placesOf(round, id) });
      results[id] = figures(result);
      if (round === 1 && PLOTTED.includes(id)) {
        const client = work.client === 'tenantry' ? 'tenantry' : name;
        lines.push({ client, run: result });
      }
    }
    measured.push(results);
  }
} finally {
  await kafka.stop();
}
if (options.plot === true) writeFileSync(PLOT, await latencyPlot(lines));
const targets = outcomes(floodTargets(measured));
if (options.json === true) {
  const machine = { cores: availableParallelism(), node: process.version };
  console.log(JSON.stringify({ machine, short, rounds: measured, targets }));
} else {
  console.log(
    `\n${rounds} rounds, medians, ${availableParallelism()} cores\n${figureTable()}\n${targetTable(targets)}`,
  );
}

/** A group of its own, too: members of another client, or that have just ended, would hold it up. */
function placesOf(round: number, id: ScenarioId): Pick<Flood, 'topic' | 'group'> {
  const name = `flood-${round}-${id.toLowerCase()}`;
  return { topic: name, group: name };
}

async function run(work: Flood): Promise<FloodRun> {
  const { brokers, topic, group } = work;
  await answerOf(forkWorkload('flood-topics.mjs', { brokers, topics: [topic], groups: [group] }));
  const producer = forkWorkload('flood-producer.mjs', work);
  await answerOf(producer); // the backlog is written
  const consumer = forkWorkload('flood-consumer.mjs', work);
  await answerOf(consumer); // it has its partitions
  const answer = answerOf(producer);
  producer.send('go');
  consumer.send('the flood begins');
  const sent = (await answer) as Sent;
  consumer.send('the flood ends');
  await sleep(REST_MS);
  const got = answerOf(consumer);
  consumer.send('answer');
  const handled = (await got) as Handled;
  if (consumer.exitCode === null) await once(consumer, 'exit');
  return { work, sent, handled };
}

function figureTable(): string {
  const head = ['', 'quiet handled', 'p50', 'p99', 'p99 in the burst', 'p99 after', 'burst read in', 'records/s'];
  const table = new Table({
    head: [...head, 'noisy handled', 'of what is free', 'RSS'],
    style: { head: [], border: [] },
  });
  for (const [id, { name }] of chosen) {
    const row = medians(measured, id);
    if (row !== undefined) table.push([name, ...cells(row)]);
  }
  return table.toString();
}

function cells(row: Figures): string[] {
  const noisy = Object.entries(row.noisy).map(([name, handled]) => `${name} ${handled.toFixed(0)}`);
  return [
    `${row.quietHandled.toFixed(0)} of ${row.quietSent.toFixed(0)}`,
    ...[row.p50Ms, row.p99Ms, row.p99InBurstMs, row.p99AfterMs, row.scanMs].map((ms) => shown(ms, ' ms')),
    shown(row.scanPerSecond, ''),
    noisy.join(', '),
    shown(row.share * 100, ' %'),
    shown(row.rssMib, ' MiB'),
  ];
}

function shown(value: number, unit: string): string {
  return Number.isFinite(value) ? `${value.toFixed(0)}${unit}` : '–';
}

function count(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
