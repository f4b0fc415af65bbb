// `npm run bench:scale`: what a worker costs with many tenants, with slow handlers, and with a long backlog of one tenant.
import { once } from 'node:events';
import Table from 'cli-table3';
import { Command } from 'commander';
import { startKafka } from '../scripts/kafka/start-kafka.ts';
import { answerOf, forkWorkload } from './broker.ts';
import type { Measured } from './workloads/measurement.mjs';

interface Scenario {
  readonly name: string;
  readonly records: number;
  readonly tenants: number;
  readonly keys: number;
  readonly handlerMs: number;
  readonly seconds: number;
  readonly partitions: number;
}

const { short } = new Command('npm run bench:scale --')
  .description('Measures a worker with many tenants, slow handlers and a long backlog, on a real Kafka.')
  .option('--short', 'fewer records')
  .parse()
  .opts<{ short?: true }>();

const many = short === true ? 20_000 : 200_000;
const long = short === true ? 50_000 : 1_000_000;
const base = { keys: 10, handlerMs: 0, seconds: 600, partitions: 2 };
const scenarios: Scenario[] = [
  { ...base, name: '10 tenants', records: many, tenants: 10 },
  { ...base, name: `${many / 2} tenants, seen twice each`, records: many, tenants: many / 2 },
  {
    ...base,
    name: 'handlers of 10 ms, 1 partition, 1,000 keys',
    records: 60_000,
    tenants: 1,
    keys: 1_000,
    handlerMs: 10,
    seconds: 8,
    partitions: 1,
  },
  { ...base, name: 'a tenant with 10,000 records waiting', records: 10_000, tenants: 1, handlerMs: 5_000, seconds: 30 },
  { ...base, name: `a tenant with ${long} records waiting`, records: long, tenants: 1, handlerMs: 5_000, seconds: 60 },
];

const kafka = await startKafka();
const table = new Table({
  head: ['', 'handled/s', 'main thread', 'whole process', 'peak RSS'],
  style: { head: [], border: [] },
});
try {
  for (const [index, scenario] of scenarios.entries()) {
    console.error(scenario.name);
    const work = { ...scenario, brokers: [kafka.brokers], topic: `scale-${index}`, group: 'scale' };
    const topics = { brokers: work.brokers, topics: [work.topic], groups: ['scale'], partitions: scenario.partitions };
    await answerOf(forkWorkload('flood-topics.mjs', topics));
    const producer = forkWorkload('scale-producer.mjs', work);
    await answerOf(producer);
    const consumer = forkWorkload('scale-consumer.mjs', work);
    const measured = (await answerOf(consumer)) as Measured;
    if (consumer.exitCode === null) await once(consumer, 'exit');
    table.push([
      scenario.name,
      measured.perSecond.toFixed(0),
      scenario.handlerMs > 0 ? '' : `${measured.mainThreadMicros.toFixed(1)} µs`,
      scenario.handlerMs > 0 ? '' : `${measured.processMicros.toFixed(1)} µs`,
      `${measured.peakRssMib.toFixed(0)} MiB`,
    ]);
  }
} finally {
  await kafka.stop();
}
console.log(table.toString());
