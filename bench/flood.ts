// `npm run bench:flood`: what one tenant's flood does to the others, beside consumers with one position a partition.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { startKafka } from '../scripts/kafka/start-kafka.ts';
import { answerOf, forkWorkload } from './broker.ts';
import type { Flood } from './workloads/flood-events.mjs';

interface Handled {
  readonly latenciesMs: readonly number[];
  readonly handled: Readonly<Record<string, number>>;
  readonly rssMib: number;
}

interface Scenario {
  readonly name: string;
  readonly client: Flood['client'];
  readonly change: Partial<Flood>;
}

const options = new Command('npm run bench:flood --')
  .description('Measures what a flood of one tenant does to the events of the others, on a real Kafka.')
  .option('--short', 'a few seconds of each scenario, and only the main ones')
  .option('--only <text>', 'scenarios whose name holds this text')
  .option('--json', 'the results as JSON')
  .parse()
  .opts<{ short?: true; only?: string; json?: true }>();

const CALM = { noisyBacklog: 0, noisyPerSecond: 0 };
const MANY = { quietTenants: 1_000, quietPerSecond: 400 };
const scenarios: Scenario[] = [
  { name: 'tenantry, no flood', client: 'tenantry', change: CALM },
  { name: 'tenantry', client: 'tenantry', change: {} },
  { name: '@confluentinc/kafka-javascript eachMessage', client: 'confluent', change: {} },
  { name: 'kafkajs eachMessage', client: 'kafkajs', change: {} },
  { name: 'tenantry, 1,000 quiet tenants, no flood', client: 'tenantry', change: { ...MANY, ...CALM } },
  { name: 'tenantry, 1,000 quiet tenants', client: 'tenantry', change: MANY },
  { name: 'tenantry, the noisy one takes 5 s', client: 'tenantry', change: { slowTenants: { noisy: 5_000 } } },
];
const chosen = scenarios
  .filter(({ name }) => options.only === undefined || name.includes(options.only))
  .filter((_, index) => options.short !== true || index < 3);

const seconds = options.short === true ? 5 : 20;
const base: Omit<Flood, 'brokers' | 'topic' | 'group' | 'client'> = {
  quietTenants: 20,
  quietPerSecond: 200,
  noisyBacklog: options.short === true ? 5_000 : 20_000,
  noisyPerSecond: 2_000,
  seconds,
  handlerMs: 10,
  slowTenants: {},
  concurrency: 16,
};
const topicOf = (index: number): string => `flood-${index}`;

const kafka = await startKafka();
try {
  const topics = chosen.map((_, index) => topicOf(index));
  await answerOf(forkWorkload('flood-topics.mjs', { brokers: [kafka.brokers], topics, groups: ['flood'] }));
  const results: { name: string; sent: { quiet: number; noisy: number }; got: Handled }[] = [];
  for (const [index, { name, client, change }] of chosen.entries()) {
    if (options.json !== true) console.error(name);
    const work = { ...base, ...change, brokers: [kafka.brokers], topic: topicOf(index), group: 'flood', client };
    results.push({ name, ...(await run(work)) });
  }
  if (options.json === true) console.log(JSON.stringify(results));
  else print(results);
} finally {
  await kafka.stop();
}

async function run(work: Flood): Promise<{ sent: { quiet: number; noisy: number }; got: Handled }> {
  const producer = forkWorkload('flood-producer.mjs', work);
  await answerOf(producer); // the backlog is written
  const consumer = forkWorkload('flood-consumer.mjs', work);
  await answerOf(consumer); // it has its partitions
  const sent = answerOf(producer);
  producer.send('go');
  const counts = (await sent) as { quiet: number; noisy: number };
  await sleep(500);
  const got = answerOf(consumer);
  consumer.send('answer');
  const handled = (await got) as Handled;
  if (consumer.exitCode === null) await once(consumer, 'exit');
  return { sent: counts, got: handled };
}

function print(results: readonly { name: string; sent: { quiet: number }; got: Handled }[]): void {
  const table = new Table({
    head: ['', 'quiet handled', 'p50', 'p99', 'noisy handled', 'of what is free', 'RSS'],
    style: { head: [], border: [] },
  });
  for (const { name, sent, got } of results) {
    const sorted = [...got.latenciesMs].sort((a, b) => a - b);
    const noisy = got.handled['noisy'] ?? 0;
    const capacity = (base.concurrency * seconds * 1_000) / base.handlerMs - sorted.length;
    table.push([
      name,
      `${sorted.length} of ${sent.quiet}`,
      quantile(sorted, 0.5),
      quantile(sorted, 0.99),
      noisy,
      `${((100 * noisy) / capacity).toFixed(0)} %`,
      `${got.rssMib.toFixed(0)} MiB`,
    ]);
  }
  console.log(table.toString());
}

function quantile(sorted: readonly number[], part: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return value === undefined ? '–' : `${value.toFixed(0)} ms`;
}
