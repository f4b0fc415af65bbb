import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import type { DemoOptions } from './args.js';
import { Attacker } from './attack/attacker.js';
import { ATTACKER } from './attack/forgeries.js';
import { readTopic } from './attack/plain-client.js';
import { expectFromFile } from './check/expectation.js';
import { lineSoldContract } from './contract.js';
import { readSales } from './data-file/sales-lines.js';
import type { Progress } from './output/progress.js';
import { demoResult, type DemoResult } from './output/result.js';
import { publishSales } from './publish-sales.js';
import { Tally } from './tally.js';
import { UnhandledSales } from './unhandled-sales.js';
import { watchRun } from './watch-run.js';

/** What each tenant may publish. In bursts Britain, with nine lines of ten, has to wait for its turn. */
const RATE_LIMIT = { default: { eventsPerSecond: 10_000, bytesPerSecond: 10_000_000 }, burstMs: 20 };

/** Publishes the sales of a file, handles them meanwhile, and checks what came of it. */
export async function runDemo(options: DemoOptions, progress: Progress, interrupt: AbortSignal): Promise<DemoResult> {
  progress.note(`Reading ${relative('', options.file)}`);
  const expectation = await expectFromFile(options.file, options.rows);
  const tenantIds = [...expectation.tenants.keys(), ATTACKER];

  await using embedded = options.brokers === undefined ? await EmbeddedKafka.start() : undefined;
  const brokers = options.brokers ?? embedded?.brokers ?? [];
  const { topic, group } = embedded === undefined ? namesOfThisRun() : { topic: 'sales', group: 'revenue' };
  const lineSold = lineSoldContract(topic, options.encryption ? 'confidential' : 'none');

  await using kafka = new TenantKafka({
    clientId: 'retail-demo',
    brokers,
    encryption: options.encryption
      ? envelopeEncryption({ kms: localKeyring({ keys: newKeys(tenantIds) }) })
      : undefined,
    rateLimit: { ...RATE_LIMIT, onLimit: 'wait' },
    tenants: Object.fromEntries(tenantIds.map((tenantId) => [tenantId, {}])),
  });
  await kafka.start();
  await kafka.admin.createTopics([lineSold], { partitions: 4, replicationFactor: -1, groups: [group] });

  const unhandled = new UnhandledSales();
  const tally = new Tally(expectation.tenants, unhandled);
  await using worker = kafka.worker(group).on(lineSold, (event) => {
    tally.countHandled(event, performance.now());
  });
  await worker.start();
  // Joining a group takes some seconds; latencies are measured from a worker that has its partitions.
  await worker.caughtUp({ signal: interrupt });

  await using attacker = new Attacker(brokers, topic, { sealed: options.encryption, lines: expectation.lines });
  progress.note(`Publishing ${expectation.lines} sales lines of ${expectation.tenants.size} tenants to topic ${topic}`);
  const startedMs = performance.now();
  {
    using watch = watchRun({ worker, tally, progress, lines: expectation.lines }, interrupt);
    const sales = readSales(options.file, options.rows);
    await publishSales(sales, { kafka, lineSold, unhandled, tally, attacker }, watch.signal);
    await worker.caughtUp({ signal: watch.signal });
  }
  const seconds = (tally.lastHandledAtMs - startedMs) / 1_000;

  const quarantined = await readTopic(brokers, `_quarantine.${topic}`);
  if (embedded === undefined) progress.note(`Topic ${topic} and those beside it stay on the broker`);
  const outcome = { expectation, tally, unhandled: unhandled.count, hostile: attacker.written, quarantined };
  return demoResult(outcome, seconds);
}

/**
 * On a real Kafka each run has a topic and a group of its own: its keys are made anew and end with it, so it
 * could not read what an earlier run has left in a topic.
 */
function namesOfThisRun(): { readonly topic: string; readonly group: string } {
  const run = `${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}-${randomBytes(2).toString('hex')}`;
  return { topic: `sales-${run}`, group: `revenue-${run}` };
}

/** A key encryption key for each tenant. An application keeps them; `tenantry keys generate` makes them. */
function newKeys(tenantIds: readonly string[]): Record<string, Buffer> {
  return Object.fromEntries(tenantIds.map((tenantId) => [tenantId, randomBytes(32)]));
}
